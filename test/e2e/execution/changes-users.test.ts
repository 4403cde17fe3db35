import { describe, expect, it } from "vitest";

import type { StoredMessage } from "../../../sandbox/slack/index.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import { ACTION_NAMES } from "../../../src/requests/plan.ts";
import { answerTo, callsTo, cardWhere, CHANNELS, PEOPLE, press, wordsOf } from "../../support/harness.ts";
import {
  accessIdOf,
  approve,
  openFormBy,
  openModal,
  pick,
  sendForm,
  startScene,
  type Scene,
} from "../support.ts";

const { alice, bob, carol } = PEOPLE;
const MALLORY = "mallory@example.com";
const NEW = "new.person@example.com";

const card = ({ slack }: Scene, headline: string): Promise<StoredMessage> =>
  cardWhere(slack, (words) => words.includes(headline));

const usersWith = ({ cloudflare }: Scene, email: string) =>
  cloudflare.state.users.filter((one) => one.email === email);

/** Everything that was sent to change Cloudflare, as method and body. */
const writes = ({ cloudflare }: Scene) =>
  cloudflare.requests.filter(({ method }) => method !== "GET").map(({ method, body }) => ({ method, body }));

describe("/zt create-user", () => {
  it("by command adds the user with a name that needs no quotes, and finds them again", async () => {
    const scene = await startScene();
    const { slack } = scene;
    await answerTo(slack, alice, `create-user ${NEW} Nova Person-O'Neil --reason starts on Monday`);
    const asked = await card(scene, `Create the Access user ${NEW}`);
    for (const text of [
      `Adds Nova Person-O'Neil (${NEW}) to Access`,
      "Not an Access user yet",
      "Grants nothing by itself",
      "Can be undone: /zt delete-user",
      "Reason starts on Monday",
    ])
      expect(wordsOf(slack, asked)).toContain(text);
    const thread = await approve(slack, asked);
    const [user, ...others] = usersWith(scene, NEW);
    expect(others).toEqual([]);
    expect(thread).toContain(`Created the user, id ${user?.id}, verified at`);
    expect(writes(scene)).toEqual([{ method: "POST", body: { email: NEW, name: "Nova Person-O'Neil" } }]);
  });

  it("adds them once, though the first answer is lost", { tags: ["slow"] }, async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    await answerTo(slack, alice, `create-user ${NEW} --reason starts on Monday`);
    cloudflare.faults.set("users.create", { kind: "drop-after", times: 1 });
    const asked = await card(scene, NEW);
    expect(await approve(slack, asked)).toContain("Created the user, id ");
    expect(usersWith(scene, NEW)).toHaveLength(1);
    expect(writes(scene)).toHaveLength(1);
  });

  it("is refused when the address is taken, in any case of its letters", async () => {
    const { slack } = await startScene();
    const { words } = await answerTo(slack, alice, "create-user Mallory@Example.com --reason x");
    expect(words).toContain("is an Access user already");
    expect(slack.messages(CHANNELS.approvals)).toEqual([]);
  });

  it("by form says beside the field what is no address", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const form = await openFormBy(slack, alice, "create-user");
    const wrong = await slack.submitView({
      user: alice,
      viewId: form.id,
      values: { email: { email: "new.person@" }, reason: { reason: "starts on Monday" } },
    });
    expect(wrong.errors).toEqual({ email: "“new.person@” is not a valid email address." });
    const taken = await sendForm(slack, alice, form, {
      email: { email: MALLORY },
      name: { name: "\u202E👩🏽‍🚒 نور" },
      reason: { reason: "starts on Monday" },
    });
    expect(slack.visibleText(taken)).toContain(`${MALLORY} is an Access user already.`);
    expect(slack.visibleText(taken)).toContain("starts on Monday");
    await sendForm(slack, alice, taken, { email: { email: NEW } });
    expect(await approve(slack, await card(scene, NEW))).toContain("verified at");
    expect(usersWith(scene, NEW)[0]?.name).toContain("👩🏽‍🚒 نور");
  });
});

describe("/zt rename-user", () => {
  it("sends the address along unchanged, changes the name and shows the new one", async () => {
    const scene = await startScene();
    const { slack } = scene;
    await answerTo(
      slack,
      alice,
      `rename-user ${MALLORY.toUpperCase()} Mallory Archer-Quill --reason married`,
    );
    const asked = await card(scene, `Rename ${MALLORY}`);
    for (const text of [
      `Rename ${MALLORY} to Mallory Archer-Quill`,
      "Their name changes from “Mallory Archer” to “Mallory Archer-Quill”",
      "Their email stays the same",
      "Can be undone",
    ])
      expect(wordsOf(slack, asked)).toContain(text);
    expect(await approve(slack, asked)).toContain("Renamed to “Mallory Archer-Quill”, verified at");
    expect(writes(scene)).toEqual([
      { method: "PUT", body: { email: MALLORY, name: "Mallory Archer-Quill" } },
    ]);
    expect(usersWith(scene, MALLORY)[0]?.name).toBe("Mallory Archer-Quill");
  });

  it("by form asks whom and how, in one step", async () => {
    const scene = await startScene();
    const { slack } = scene;
    const form = await openFormBy(slack, alice, "rename-user");
    await sendForm(slack, alice, form, {
      ...(await pick(slack, alice, form, MALLORY)),
      name: { name: "<!channel> *M*" },
      reason: { reason: "married" },
    });
    const asked = await card(scene, `Rename ${MALLORY}`);
    expect(wordsOf(slack, asked)).toContain("“<!channel> ∗M∗”");
    expect(await approve(slack, asked)).toContain("verified at");
  });

  it("is not carried out on somebody who has another address by then", async () => {
    const scene = await startScene();
    const { slack } = scene;
    await answerTo(slack, alice, `rename-user ${MALLORY} Mal --reason married`);
    const asked = await card(scene, `Rename ${MALLORY}`);
    for (const user of usersWith(scene, MALLORY)) user.email = "mallory.quill@example.com";
    await press(slack, bob, asked, CARD_ACTIONS.approve);
    await slack.waitFor(() => wordsOf(slack, asked).includes("Voided, nothing was done"));
    expect(wordsOf(slack, asked)).toContain(`is no longer ${MALLORY}, the user that was approved`);
    expect(writes(scene)).toEqual([]);
  });
});

describe("/zt delete-user", () => {
  it("wants the email typed again, warns that it cannot be undone, and sees that they are gone", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const id = accessIdOf(scene, MALLORY);
    const form = await openFormBy(slack, alice, `delete-user ${MALLORY} --reason left the company`);
    expect(slack.visibleText(form)).toContain("This can't be undone");
    const missing = await slack.submitView({ user: alice, viewId: form.id, values: {} });
    expect(Object.keys(missing.errors ?? {})).toEqual(["typed"]);
    const back = await sendForm(slack, alice, form, { typed: { typed: "malory@example.com" } });
    expect(slack.visibleText(back)).toContain("That is not the user's email.");
    expect(slack.visibleText(back)).toContain("left the company");
    expect(slack.messages(CHANNELS.approvals)).toEqual([]);

    await sendForm(slack, alice, back, { typed: { typed: " Mallory@example.com" } });
    const asked = await card(scene, `Delete the Access user ${MALLORY}`);
    for (const text of [
      "Removes the user, with their seats, tokens and sessions",
      "Deletes 2 device registrations",
      "They become a user again if they sign in",
      "⛔ Can't be undone: the user id and the device registrations",
      "Reason left the company",
    ])
      expect(wordsOf(slack, asked)).toContain(text);
    const thread = await approve(slack, asked, carol);
    expect(thread).toContain("Deleted the user, verified at");
    expect(thread).toContain("To keep them out, disable the account in your IdP");
    expect(usersWith(scene, MALLORY)).toEqual([]);
    expect(callsTo(cloudflare, "DELETE", "/").map(({ path }) => path)).toEqual([
      `/accounts/${cloudflare.accountId}/access/users/${id}`,
    ]);
    expect((await answerTo(slack, alice, `user ${MALLORY}`)).words).toContain("No Access user has the email");
  });
});

describe("/zt delete-user", () => {
  it(
    "by command takes the address after --confirm, and deletes once though the first answer is lost",
    { tags: ["slow"] },
    async () => {
      const scene = await startScene();
      const { slack, cloudflare } = scene;
      await answerTo(slack, alice, `delete-user ${MALLORY} --confirm ${MALLORY} --reason left the company`);
      cloudflare.faults.set("users.delete", { kind: "drop-after", times: 1 });
      expect(await approve(slack, await card(scene, "Delete the Access user"))).toContain(
        "Deleted the user, verified at",
      );
      expect(writes(scene)).toHaveLength(1);
    },
  );

  it("has nothing left to do when somebody else was quicker", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    await answerTo(slack, alice, `delete-user ${MALLORY} --confirm ${MALLORY} --reason left the company`);
    const asked = await card(scene, "Delete the Access user");
    cloudflare.state.users = cloudflare.state.users.filter((one) => one.email !== MALLORY);
    await press(slack, bob, asked, CARD_ACTIONS.approve);
    await slack.waitFor(() => wordsOf(slack, asked).includes("Voided, nothing was done"));
    expect(wordsOf(slack, asked)).toContain("is no longer an Access user of this account");
    expect(writes(scene)).toEqual([]);
  });
});

describe("the forms of every change", () => {
  it.each([
    ["of 300 letters", "x".repeat(300)],
    ["from right to left, with overrides", "\u202Eתירבע ‮ اسم\u202C"],
    ["of emoji", "👩🏽‍🚒".repeat(60)],
    ["of markup", "<!channel> *b* `c` & <https://evil.example|bank>"],
    ["that cannot be seen", "\u202E\u200F"],
  ])("take a name %s", async (_what, name) => {
    const scene = await startScene();
    const { slack } = scene;
    for (const user of usersWith(scene, MALLORY)) user.name = name;
    for (const action of ACTION_NAMES) {
      const text = action === "create-user" ? `create-user ${NEW} ${name}` : `${action} ${MALLORY}`;
      const form = await openFormBy(slack, alice, text);
      expect(slack.visibleText(form)).toContain(action === "create-user" ? NEW : MALLORY);
      expect(slack.visibleText(form)).toContain("Request approval");
      await slack.closeView({ user: alice, viewId: form.id });
    }
    await answerTo(slack, alice, `revoke ${MALLORY} --reason x`);
    const asked = await card(scene, MALLORY);
    await press(slack, bob, asked, CARD_ACTIONS.details);
    expect(slack.visibleText(await openModal(slack, bob))).toContain(MALLORY);
  });
});
