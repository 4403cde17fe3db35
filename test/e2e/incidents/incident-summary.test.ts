import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import type { StoredMessage } from "../../../sandbox/slack/index.ts";
import { INCIDENT_ACTIONS } from "../../../src/views/incident/actions.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import {
  answerTo,
  askToRevoke,
  CHANNELS,
  newEphemeral,
  PEOPLE,
  press,
  wordsOf,
} from "../../support/harness.ts";
import { runHere } from "../../audit/support.ts";
import { INCIDENT_POLICY, readAudit, startScene, type Scene } from "../support.ts";

const { alice, bob, carol } = PEOPLE;
const channel = CHANNELS.incident;

const policy = INCIDENT_POLICY;

async function openIncident(scene: Scene, who = "mallory@example.com") {
  const { slack } = scene;
  await answerTo(slack, alice, `incident open ${who} "Phishing wave"`);
  const message = await slack.waitFor(() =>
    slack.messages(channel).findLast((one) => slack.visibleText(one).includes("INC-")),
  );
  await slack.waitFor(() => wordsOf(slack, message).includes("sessions open"));
  return { message, id: /INC-[0-9A-Z]{5}/.exec(slack.visibleText(message))?.[0] ?? "" };
}

function replies({ slack }: Scene, head: StoredMessage, words: string): StoredMessage[] {
  return slack.thread(channel, head.ts).filter((one) => slack.visibleText(one).includes(words));
}

/** The alt text of the picture on a message. */
function pictureOf(message: StoredMessage): string | undefined {
  for (const block of message.blocks) if ("alt_text" in block) return block.alt_text;
  return undefined;
}

async function revoke({ slack }: Scene): Promise<void> {
  const card = await askToRevoke(slack);
  await press(slack, bob, card, CARD_ACTIONS.approve);
  await slack.waitFor(() => wordsOf(slack, card).includes("verified at"));
}

describe("the summary of an incident", () => {
  it("is posted when it is closed, once, with the verdict first and the picture below", async () => {
    const scene = await startScene({ policy });
    const { slack } = scene;
    const { message, id } = await openIncident(scene);
    await revoke(scene);
    await slack.waitFor(() => wordsOf(slack, message).includes("✅ Contained"));
    await answerTo(slack, alice, `incident note ${id} the laptop is with us`);
    await answerTo(slack, alice, `incident close ${id}`);
    const [summary] = await slack.waitFor(() => {
      const found = replies(scene, message, "Summary: Phishing wave");
      return found.length > 0 ? found : undefined;
    });
    const words = slack.visibleText(summary as StoredMessage);
    expect(summary?.text).toMatch(
      /^INC-\w+ · Phishing wave: ✅ Closed after .*, contained: 1 person, 1 request/,
    );
    expect(words).toMatch(/✅ Mallory Archer|🟠 Mallory Archer · revoked/);
    expect(words).toMatch(/✅ Revoked 3 sessions.*, verified at .* · approved by @bob · .*ZT-/);
    expect(words).toContain("requested by @alice");
    expect(words).toContain("the laptop is with us");
    expect(words).toMatch(/First containment after .* · full containment after .* · closed after/);
    expect(words).toContain("1 request · 1 verified · 0 denied · 0 failed · 1 note");
    const picture = await slack.waitFor(
      () => slack.thread(channel, message.ts).flatMap((one) => pictureOf(one) ?? [])[0],
    );
    expect(picture).toMatch(/^Mallory Archer\. Sign-ins in the last 24 hours\. Access revoked/);
    expect(replies(scene, message, "Summary: Phishing wave")).toHaveLength(1);
    expect(replies(scene, message, "Closed by")).toHaveLength(1);
  });

  it("is posted for who asks by command or button, and recorded", { tags: ["slow"] }, async () => {
    const scene = await startScene({ policy });
    const { slack } = scene;
    const { message, id } = await openIncident(scene);
    expect((await answerTo(slack, alice, `incident summary ${id}`)).words).toContain("Posted the summary");
    const [first] = await slack.waitFor(() => {
      const found = replies(scene, message, "Summary: Phishing wave");
      return found.length === 1 ? found : undefined;
    });
    expect(slack.visibleText(first as StoredMessage)).toContain("🔴 Not contained after");
    expect(slack.visibleText(first as StoredMessage)).toContain("Mallory Archer: 3 sessions open");
    expect(slack.visibleText(first as StoredMessage)).toContain("posted for @alice");
    const before = slack.ephemerals(bob).length;
    await press(slack, bob, message, INCIDENT_ACTIONS.readIn);
    const shown = await newEphemeral(slack, bob, before);
    await press(slack, bob, shown, INCIDENT_ACTIONS.summary);
    await slack.waitFor(() => replies(scene, message, "posted for @bob").length === 1);
    expect(
      readAudit(scene)
        .filter(({ event }) => event === "incident.summarized")
        .map(({ actor, data }) => [actor, data["incident"]]),
    ).toEqual([
      [alice, id],
      [bob, id],
    ]);
  });

  it("is shown to one reader with --private, and nothing is posted or recorded", async () => {
    const scene = await startScene({ policy });
    const { slack } = scene;
    const { message, id } = await openIncident(scene);
    const { words } = await answerTo(slack, bob, `incident summary --private ${id}`);
    expect(words).toContain("Summary: Phishing wave");
    expect(words).toContain("Open the thread");
    await slack.waitFor(() => slack.ephemerals(bob).find((one) => pictureOf(one) !== undefined));
    expect(replies(scene, message, "Summary:")).toEqual([]);
    expect(readAudit(scene).map(({ event }) => event)).not.toContain("incident.summarized");
  });

  it("says what is unknown where Cloudflare does not answer", { tags: ["slow"] }, async () => {
    const scene = await startScene({ policy });
    const { slack, cloudflare } = scene;
    const { message, id } = await openIncident(scene);
    cloudflare.faults.set("*", { kind: "status", status: 403 });
    await press(slack, alice, message, INCIDENT_ACTIONS.refresh);
    await slack.waitFor(() => wordsOf(slack, message).includes("unknown: sessions"));
    await answerTo(slack, alice, `incident summary ${id}`);
    const [summary] = await slack.waitFor(() => {
      const found = replies(scene, message, "Summary: Phishing wave");
      return found.length > 0 ? found : undefined;
    });
    expect(slack.visibleText(summary as StoredMessage)).toContain("⚪ Containment unknown after");
    await slack.waitFor(() => replies(scene, message, "Sign-ins are unknown").length === 1);
  });

  it.each([
    ["incident summary INC-00000", alice, "There is no incident INC-00000."],
    ["incident summary --privat INC-00000", alice, "Did you mean --private?"],
    ["incident summary INC-00000", carol, "You can't use /zt incident"],
  ])("refuses %s", async (typed, who, says) => {
    const scene = await startScene({ policy });
    expect((await answerTo(scene.slack, who, typed)).words).toContain(says);
  });
});

describe("the export of an incident", () => {
  it("is attached to the thread as Markdown and JSON, recorded, and checked by npm run audit", async () => {
    const scene = await startScene({ policy });
    const { slack } = scene;
    const { message, id } = await openIncident(scene);
    await revoke(scene);
    await slack.waitFor(() => wordsOf(slack, message).includes("✅ Contained"));
    await answerTo(slack, alice, `incident note ${id} the laptop is with us`);
    expect((await answerTo(slack, bob, `incident export ${id}`)).words).toContain(`Exported ${id}`);
    const [post] = slack.thread(channel, message.ts).filter((one) => one.files !== undefined);
    expect(slack.visibleText(post as StoredMessage)).toMatch(
      new RegExp(
        `📎 @bob exported ${id}: the story and \\d+ rows of the audit record, ending with row \\d+:[0-9a-f]{16}…`,
      ),
    );
    expect(post?.files?.map(({ name }) => name)).toEqual([`${id}.md`, `${id}.json`]);
    const [markdown, json] = await Promise.all(
      (post?.files ?? []).map(async (file) => (await fetch(`${slack.url}/files/${file.id}`)).text()),
    );
    expect(markdown).toContain("# Phishing wave");
    expect(markdown).toMatch(/- Approved .* by Bob/);
    expect(markdown).toContain("the laptop is with us");
    expect(markdown).toMatch(/Succeeded: .*, verified 20\d\d-/);
    const row = readAudit(scene).find(({ event }) => event === "incident.exported");
    expect([row?.actor, row?.data["incident"]]).toEqual([bob, id]);

    const [jsonFile, markdownFile] = [join(scene.folder, "x.json"), join(scene.folder, "x.md")];
    writeFileSync(jsonFile, json ?? "");
    writeFileSync(markdownFile, markdown ?? "");
    const env = { DATABASE_URL: `file:${join(scene.folder, "data", "zt.db")}` };
    const checked = await runHere(env, "verify-export", jsonFile, markdownFile);
    expect([checked.code, checked.stderr]).toEqual([0, ""]);
    expect(checked.stdout).toMatch(/(\d+) of \1 rows are as in the database's record\./);
    writeFileSync(markdownFile, (markdown ?? "").replace("with us", "with them"));
    expect(await runHere(env, "verify-export", jsonFile, markdownFile)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/The Markdown was changed: line \d+\./),
    });
  });

  it("is refused to viewers, in a channel that outsiders read, and where Slack takes no files", async () => {
    let ahead = 0;
    const now = () => Date.now() + ahead;
    const scene = await startScene({ policy: `${policy}viewers: [${carol}]\n`, now });
    const { slack } = scene;
    const { message, id } = await openIncident(scene);
    expect((await answerTo(slack, carol, `incident export ${id}`)).words).toContain(
      "You can't use /zt incident",
    );
    slack.setChannel(channel, { isExtShared: true });
    // Who reads a channel is remembered for a while.
    ahead += 60_000;
    expect((await answerTo(slack, bob, `incident export ${id}`)).words).toContain("Not exported:");
    slack.setChannel(channel, { isExtShared: false });
    ahead += 60_000;
    expect(readAudit(scene).map(({ event }) => event)).not.toContain("incident.exported");
    slack.faults.set("files.completeUploadExternal", { error: "missing_scope" });
    expect((await answerTo(slack, bob, `incident export ${id}`)).words).toContain("Not attached:");
    expect(slack.thread(channel, message.ts).filter((one) => one.files !== undefined)).toEqual([]);
    expect((await answerTo(slack, bob, "incident export INC-00000")).words).toContain("There is no incident");
  });
});

describe("the summary of an incident as a canvas", { tags: ["slow"] }, () => {
  it("leaves none over that no one can open", async () => {
    const scene = await startScene({ policy });
    const { slack } = scene;
    const { id } = await openIncident(scene);
    slack.faults.set("canvases.access.set", { error: "internal_error" });
    await answerTo(slack, alice, `incident summary ${id} --canvas`);
    const made = slack.calls.filter(({ method }) => method === "canvases.create");
    const gone = slack.calls.filter(({ method }) => method === "canvases.delete");
    expect([made.length, gone.length]).toEqual([1, 1]);
  });

  it("is written, readable in the channel, and its link is posted in the thread", async () => {
    const scene = await startScene({ policy });
    const { slack } = scene;
    const { message, id } = await openIncident(scene);
    expect((await answerTo(slack, alice, `incident summary ${id} --canvas`)).words).toContain(
      `Wrote the summary of ${id} as a canvas`,
    );
    const [post] = await slack.waitFor(() => {
      const found = replies(scene, message, "the summary as a canvas");
      return found.length > 0 ? found : undefined;
    });
    const canvas = /\/docs\/\w+\/(?<id>F0CANVAS\w+)/.exec(post?.text ?? "")?.groups?.["id"] ?? "";
    const text = await (await fetch(`${slack.url}/files/${canvas}`)).text();
    expect(text).toContain(`# Phishing wave (${id})`);
    expect(text).toContain("Not contained after");
    expect(text).not.toContain("verify-export");
    expect(slack.calls.find(({ method }) => method === "canvases.access.set")?.args).toMatchObject({
      canvas_id: canvas,
      access_level: "read",
    });
    expect(replies(scene, message, "Summary: Phishing wave")).toEqual([]);
    expect((await answerTo(slack, alice, `incident summary ${id} --canvas --private`)).words).toContain(
      "Choose --private or --canvas",
    );
  });

  it("is a tab of the channel where the plan has no other canvases", async () => {
    const scene = await startScene({ policy });
    const { slack } = scene;
    const { message, id } = await openIncident(scene);
    slack.faults.set("canvases.create", { error: "free_teams_cannot_create_non_tabbed_canvases", times: 1 });
    await answerTo(slack, alice, `incident summary ${id} --canvas`);
    await slack.waitFor(() => replies(scene, message, "the summary as a canvas").length === 1);
    expect(slack.calls.findLast(({ method }) => method === "canvases.create")?.args["channel_id"]).toBe(
      channel,
    );
  });

  it.each([
    ["missing_scope", "the Slack app lacks the scope canvases:write"],
    ["canvas_disabled_user_team", "this workspace has canvases turned off"],
    ["free_teams_cannot_create_non_tabbed_canvases", "this Slack plan allows one in each channel"],
    ["internal_error", "Slack did not create it (internal"],
  ])("is the ordinary one where Slack says %s, and that is told", async (error, says) => {
    const scene = await startScene({ policy });
    const { slack } = scene;
    const { message, id } = await openIncident(scene);
    slack.faults.set("canvases.create", { error });
    const { words } = await answerTo(slack, alice, `incident summary ${id} --canvas`);
    expect(words).toContain(`No canvas: ${says}`);
    expect(words).toContain(`Posted the summary of ${id}`);
    await slack.waitFor(() => replies(scene, message, "Summary: Phishing wave").length === 1);
  });
});
