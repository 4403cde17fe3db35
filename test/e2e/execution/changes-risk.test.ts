import { describe, expect, it } from "vitest";

import type { StoredMessage } from "../../../sandbox/slack/index.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import { callsTo, cardWhere, CHANNELS, PEOPLE, press, wordsOf } from "../../support/harness.ts";
import { approve, judgeAll, openFormBy, openModal, sendForm, startScene, type Scene } from "../support.ts";

const { alice, bob } = PEOPLE;
const RITA = "rita@example.com";

const card = ({ slack }: Scene): Promise<StoredMessage> =>
  cardWhere(slack, (words) => words.includes("Reset the risk score of"));

const resets = ({ cloudflare }: Scene) => callsTo(cloudflare, "POST", "/reset");

/** What each menu of the form is set to, by what it asks. */
function judgementsOf(form: Awaited<ReturnType<typeof openFormBy>>): [string, string | null][] {
  return form.blocks.flatMap((block) => {
    if (block.block_id?.startsWith("risk:") !== true || !("element" in block)) return [];
    const { element, label } = block as unknown as {
      label: { text: string };
      element: { initial_option?: { value: string } };
    };
    return [[label.text.replace(/ \(.*/, ""), element.initial_option?.value ?? null]];
  });
}

describe("/zt reset-risk", () => {
  it("wants a judgement of each kind of event, and shows them to who approves", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const form = await openFormBy(slack, alice, `reset-risk ${RITA}`);
    expect(judgementsOf(form)).toEqual([
      ["Impossible travel", null],
      ["Unusual user agent", null],
    ]);
    expect(slack.visibleText(form)).toContain("Classify each event being cleared");
    expect(slack.visibleText(form)).toContain("This can restore access");

    const half = await slack.submitView({
      user: alice,
      viewId: form.id,
      values: { "risk:0": { "risk:0": "false-positive" }, reason: { reason: "she called" } },
    });
    expect(Object.keys(half.errors ?? {})).toEqual(["risk:1"]);
    expect(slack.messages(CHANNELS.approvals)).toEqual([]);

    await sendForm(slack, alice, form, {
      "risk:0": { "risk:0": "false-positive" },
      "risk:1": { "risk:1": "accepted" },
      reason: { reason: "she called" },
    });
    const words = wordsOf(slack, await card(scene));
    for (const text of [
      "Impossible travel: a false positive",
      "Unusual user agent: accepted",
      "Resets the risk level (medium) with 2 events",
      "This can restore access: policies that use the risk score stop blocking this user",
      "also in Okta where it is linked",
      "Can't be undone",
      "Reason she called",
    ])
      expect(words).toContain(text);
    expect(await approve(slack, await card(scene))).toContain(
      "✅ Reset the risk score, now none, verified at",
    );
    expect(resets(scene)).toHaveLength(1);
  });

  it("is refused in words when something happened while the form was open: only that is to be judged anew", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const form = await openFormBy(slack, alice, `reset-risk ${RITA}`);
    cloudflare.addRiskEvent(RITA, { name: "Impossible travel" });
    cloudflare.addRiskEvent(RITA, { name: "SentinelOne threat" });
    const back = await sendForm(slack, alice, form, {
      ...judgeAll(form, "handled"),
      reason: { reason: "she called" },
    });
    expect(slack.visibleText(back)).toMatch(
      /The risk event “(Impossible travel|SentinelOne threat)” is new or not classified\./,
    );
    expect(slack.visibleText(back)).toContain("she called");
    expect(Object.fromEntries(judgementsOf(back))).toEqual({
      "Impossible travel": null,
      "SentinelOne threat": null,
      "Unusual user agent": "handled",
    });
    expect(slack.visibleText(back)).toContain("2 times");
    expect(slack.messages(CHANNELS.approvals)).toEqual([]);

    await sendForm(slack, alice, back, judgeAll(back, "accepted"));
    expect(wordsOf(slack, await card(scene))).toContain("Impossible travel (2 times): accepted");
  });

  it("does nothing when something happened after it was asked for: nobody has judged that", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const form = await openFormBy(slack, alice, `reset-risk ${RITA} --reason she called`);
    await sendForm(slack, alice, form, judgeAll(form, "handled"));
    const asked = await card(scene);
    cloudflare.addRiskEvent(RITA, { name: "SentinelOne threat" });
    await press(slack, bob, asked, CARD_ACTIONS.approve);
    await slack.waitFor(() => wordsOf(slack, asked).includes("Voided, nothing was done"));
    expect(wordsOf(slack, asked)).toContain(
      "A risk event happened after the request: “SentinelOne threat”. It is not classified.",
    );
    expect(resets(scene)).toEqual([]);
  });

  it("can be asked for with more kinds of events than a form has room for, whatever their names", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    for (let index = 0; index < 70; index += 1)
      cloudflare.addRiskEvent("bobby.tables@example.com", {
        name: `${index} ${["x".repeat(300), "\u202Eתירבע اسم", "👩🏽‍🚒".repeat(50), "<!channel> *b* `c` &"][index % 4]}`,
      });
    const form = await openFormBy(slack, alice, "reset-risk bobby.tables@example.com --reason <!here>");
    expect(judgementsOf(form)).toHaveLength(60);
    expect(judgementsOf(form).some(([label]) => label.endsWith("other kinds of events"))).toBe(true);
    await sendForm(slack, alice, form, judgeAll(form, "false-positive"));
    const asked = await card(scene);
    expect(wordsOf(slack, asked)).toContain("48 more kinds of events: see Details");
    await press(slack, bob, asked, CARD_ACTIONS.details);
    const details = await openModal(slack, bob);
    expect(slack.visibleText(details)).toContain("judged (60)");
    await slack.closeView({ user: bob, viewId: details.id });
    expect(await approve(slack, asked)).toContain("verified at");
  });
});
