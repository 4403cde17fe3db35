import { describe, expect, it } from "vitest";

import type { Delivery, StoredMessage } from "../../../sandbox/slack/index.ts";
import { answerTo, CHANNELS, newEphemeral, PEOPLE } from "../../support/harness.ts";
import {
  INCIDENT_POLICY,
  newModal,
  openIncident,
  readAudit,
  sendForm,
  startScene,
  threadWords,
  type AuditRow,
  type Scene,
} from "../support.ts";

const { alice, bob, carol } = PEOPLE;
const channel = CHANNELS.incident;

const policy = INCIDENT_POLICY;

async function start() {
  const scene = await startScene({ policy });
  return { ...scene, ...(await openIncident(scene)) };
}

/** Bob says something in an incident's thread; its ts. */
async function say({ slack }: Scene, { ts }: StoredMessage, text: string): Promise<string> {
  return (await slack.post({ user: bob, channel, text, threadTs: ts })).ts;
}

function pin({ slack }: Scene, ts: string, user: string = bob, isRemoved = false): Promise<Delivery[]> {
  return slack.react({ user, channel, ts, name: "pushpin", isRemoved });
}

/** The line in the thread that tells of a note, once it says this. */
function noteLine({ slack }: Scene, head: StoredMessage, says: string): Promise<string> {
  return slack.waitFor(() =>
    threadWords(slack, head).find((line) => line.includes("📌") && line.includes(says)),
  );
}

function notes(scene: Scene): AuditRow[] {
  return readAudit(scene).filter(({ event }) => event.startsWith("incident.note"));
}

/** How often Slack was asked for messages. */
function reads({ slack }: Scene): number {
  return slack.calls.filter(({ method }) => method === "conversations.replies").length;
}

/** Waits until an event that would change nothing is through: a later one of the same kind is. */
async function settled(scene: Scene, head: StoredMessage): Promise<void> {
  const ts = await say(scene, head, "the last word");
  await pin(scene, ts);
  await scene.slack.waitFor(() => notes(scene).some(({ data }) => data["note"] === "the last word"));
}

describe("a 📌", () => {
  it("on a message of the thread notes it once, and is taken back by the same person", async () => {
    const scene = await start();
    const { message: head, slack } = scene;
    const ts = await say(scene, head, "she called: not her. token xoxb-1234567890-abcdefghij");
    await pin(scene, ts);
    await noteLine(scene, head, "Noted by @bob");
    await pin(scene, ts, alice);
    await pin(scene, ts, alice, true);
    await settled(scene, head);
    const [first] = notes(scene);
    expect(first?.actor).toBe(bob);
    expect(first?.data["note"]).toMatch(/^she called: not her\. token \[/);
    expect(notes(scene)).toHaveLength(2);
    await pin(scene, ts, bob, true);
    const struck = await noteLine(scene, head, "ithdrawn; the audit record keeps it");
    expect(struck).toContain("Noted by @bob");
    const line = slack.thread(channel, head.ts).find((one) => slack.visibleText(one) === struck);
    expect(JSON.stringify(line?.blocks)).toContain('"strike":true');
    await pin(scene, ts, alice);
    await noteLine(scene, head, "Noted by @alice");
    expect(notes(scene).map(({ event, actor }) => [event, actor])).toEqual([
      ["incident.noted", bob],
      ["incident.noted", bob],
      ["incident.note-withdrawn", bob],
      ["incident.note-restored", alice],
    ]);
  });

  it("that comes again keeps to the length of notes", async () => {
    const scene = await start();
    const { message: head, slack } = scene;
    const ts = await say(scene, head, "short");
    await pin(scene, ts);
    await noteLine(scene, head, "Noted by @bob");
    await pin(scene, ts, bob, true);
    await noteLine(scene, head, "ithdrawn; the audit record keeps it");
    await slack.edit({ user: bob, channel, ts, text: "long ".repeat(700) });
    await pin(scene, ts, alice);
    await noteLine(scene, head, "Noted by @alice");
    const restored = notes(scene).find(({ event }) => event === "incident.note-restored");
    expect(String(restored?.data["after"]).length).toBeLessThanOrEqual(2000);
  });

  it("on a message of the channel notes it where one incident is open there", async () => {
    const scene = await start();
    const { message: head, slack } = scene;
    const { ts } = await slack.post({ user: carol, channel, text: "saw her at the door" });
    await pin(scene, ts, alice);
    const line = await noteLine(scene, head, "saw her at the door");
    expect(line).toContain("@carol, added by @alice");
    await openIncident(scene, "incident open dana@example.com");
    const other = await slack.post({ user: carol, channel, text: "of which one?" });
    await pin(scene, other.ts, alice);
    await settled(scene, head);
    expect(notes(scene).map(({ data }) => data["note"])).toEqual(["saw her at the door", "the last word"]);
  });

  it("of someone without the role is answered with a sentence that only they see", async () => {
    const scene = await start();
    const { message: head, slack } = scene;
    const ts = await say(scene, head, "she called");
    const before = slack.ephemerals(carol).length;
    await pin(scene, ts, carol);
    const answer = await newEphemeral(slack, carol, before);
    expect(slack.visibleText(answer)).toContain("You can't use /zt incident");
    expect(answer.threadTs).toBe(head.ts);
    expect(notes(scene)).toEqual([]);
  });

  it("elsewhere, of another kind, or on what zt-bot says, is no note", async () => {
    const scene = await start();
    const { message: head, slack } = scene;
    const before = reads(scene);
    const elsewhere = await slack.post({ user: bob, channel: CHANNELS.approvals, text: "for the party" });
    await slack.react({ user: bob, channel: CHANNELS.approvals, ts: elsewhere.ts, name: "pushpin" });
    await slack.react({ user: bob, channel, ts: head.ts, name: "eyes" });
    expect(reads(scene)).toBe(before);
    await pin(scene, head.ts);
    await settled(scene, head);
    expect(notes(scene)).toHaveLength(1);
    expect(slack.ephemerals(bob)).toEqual([]);
  });

  it("that is repeated, or was taken back before it was heard, notes nothing", async () => {
    const scene = await start();
    const { message: head, slack } = scene;
    const ts = await say(scene, head, "twice");
    const [added] = await pin(scene, ts);
    if (added === undefined) throw new Error("no event was sent");
    await noteLine(scene, head, "Noted by @bob");
    await slack.retry(added);
    const late = await say(scene, head, "never mind");
    const hold = slack.faults.hold("conversations.replies");
    await pin(scene, late);
    await hold.arrived;
    await pin(scene, late, bob, true);
    hold.release();
    slack.faults.clear();
    await settled(scene, head);
    expect(notes(scene).map(({ data }) => data["note"])).toEqual(["twice", "the last word"]);
  });
});

describe("a message that is noted already", () => {
  it("is noted in other words beside that, and again where its note was taken back", async () => {
    const scene = await start();
    const { message: head, slack, id } = scene;
    const ts = await say(scene, head, "she is in Lisbon, says the hotel");
    const shortcut = async (user: string, note?: string) => {
      const form = await newModal(slack, user, () =>
        slack.messageShortcut({ user, channel, ts, callbackId: "add_to_incident" }),
      );
      const values = { incident: { incident: id }, ...(note !== undefined && { note: { note } }) };
      expect(slack.visibleText(await sendForm(slack, user, form, values))).toContain("Noted");
    };
    const texts = () => notes(scene).flatMap(({ event, actor, data }) => [[event, actor, data["note"]]]);
    await pin(scene, ts);
    await noteLine(scene, head, "Noted by @bob");
    await shortcut(alice);
    await shortcut(alice, "in Lisbon");
    await noteLine(scene, head, "\nin Lisbon");
    await pin(scene, ts, bob, true);
    await noteLine(scene, head, "ithdrawn; the audit record keeps it");
    await shortcut(alice);
    await noteLine(scene, head, "\nshe is in Lisbon, says the hotel");
    expect(texts()).toEqual([
      ["incident.noted", bob, "she is in Lisbon, says the hotel"],
      ["incident.noted", alice, "in Lisbon"],
      ["incident.note-withdrawn", bob, undefined],
      ["incident.noted", alice, "she is in Lisbon, says the hotel"],
    ]);
  });
});

describe("a noted message", () => {
  it("that is edited and deleted is followed, whichever way it was noted", async () => {
    const scene = await start();
    const { message: head, slack, id } = scene;
    const mentioned = await say(scene, head, "@zt-bot note called her");
    await noteLine(scene, head, "Noted by @bob");
    const { ts: elsewhere } = await slack.post({
      user: bob,
      channel: CHANNELS.approvals,
      text: "laptop found",
    });
    const form = await newModal(slack, alice, () =>
      slack.messageShortcut({
        user: alice,
        channel: CHANNELS.approvals,
        ts: elsewhere,
        callbackId: "add_to_incident",
      }),
    );
    await sendForm(slack, alice, form, { incident: { incident: id } });
    await noteLine(scene, head, "laptop found");
    const pinned = await say(scene, head, "odd mail");
    await pin(scene, pinned, alice);
    await noteLine(scene, head, "Noted by @alice · Open the message");

    await slack.edit({ user: bob, channel, ts: mentioned, text: "@zt-bot note called her twice" });
    await slack.edit({
      user: bob,
      channel: CHANNELS.approvals,
      ts: elsewhere,
      text: "laptop *found* in the hall",
    });
    await slack.edit({ user: bob, channel, ts: pinned, text: "odd mail, reported" });
    expect(await noteLine(scene, head, "Noted by @bob · edited")).toContain(
      "the audit record keeps both versions",
    );
    await noteLine(scene, head, "laptop ∗found∗ in the hall");
    await noteLine(scene, head, "Noted by @alice · Open the message · edited");
    await slack.remove({ user: bob, channel, ts: mentioned });
    await slack.remove({ user: bob, channel: CHANNELS.approvals, ts: elsewhere });
    await noteLine(scene, head, "Noted by @bob · deleted in Slack; the audit record keeps it");
    const gone = await noteLine(scene, head, "added by @alice");
    await slack.waitFor(() => threadWords(slack, head).every((line) => !line.includes("laptop")));
    expect(gone).not.toBe("");
    expect(
      notes(scene).map(({ event, actor, data }) => [
        event,
        actor,
        data["before"] ?? null,
        data["after"] ?? null,
      ]),
    ).toEqual([
      ["incident.noted", bob, null, null],
      ["incident.noted", alice, null, null],
      ["incident.noted", alice, null, null],
      ["incident.note-edited", bob, "called her", "called her twice"],
      ["incident.note-edited", bob, "laptop found", "laptop *found* in the hall"],
      ["incident.note-edited", bob, "odd mail", "odd mail, reported"],
      ["incident.note-deleted", "zt-bot", "called her twice", null],
      ["incident.note-deleted", "zt-bot", "laptop *found* in the hall", null],
    ]);
    const timeline = await answerTo(slack, alice, `timeline ${id}`);
    expect(timeline.words).toContain("odd mail, reported (edited)");
    expect(timeline.words).not.toContain("called her");
    expect(timeline.words).toContain("a note, deleted in Slack; the audit record keeps it");
    await answerTo(slack, bob, `incident export ${id}`);
    const files = slack.thread(channel, head.ts).flatMap((one) => one.files ?? []);
    const [markdown = "", json = ""] = await Promise.all(
      files.map(async (file) => (await fetch(`${slack.url}/files/${file.id}`)).text()),
    );
    const { story } = JSON.parse(json) as { story: unknown };
    expect(markdown).toContain("noted a message that was deleted in Slack");
    expect(markdown).toContain(" A note was deleted in Slack");
    expect(markdown).not.toContain("zt-bot deleted");
    expect(markdown).toContain("noted (edited): odd mail, reported");
    for (const told of [markdown, JSON.stringify(story)]) expect(told).not.toMatch(/called her|laptop/);
  });

  it("is followed when its incident is closed, and by the newest event that came, in any order", async () => {
    const scene = await start();
    const { message: head, slack, id } = scene;
    const ts = await say(scene, head, "one");
    await pin(scene, ts);
    await noteLine(scene, head, "Noted by @bob");
    await answerTo(slack, alice, `incident close ${id}`);
    const [second] = await slack.edit({ user: bob, channel, ts, text: "two" });
    const [third] = await slack.edit({ user: bob, channel, ts, text: "three" });
    if (second === undefined || third === undefined) throw new Error("no event was sent");
    await slack.waitFor(() => notes(scene).length === 3);
    // An edit between the two, of which Slack tells last.
    const late = structuredClone(second);
    const { payload } = late.request ?? {};
    const event = payload?.["event"] as { event_ts: string; message: { text: string } };
    event.event_ts = (Number(event.event_ts) + 0.00001).toFixed(6);
    event.message.text = "two and a half";
    if (payload !== undefined) payload["event_id"] = "Ev0LATE";
    await slack.replay(late);
    await slack.retry(third);
    await settled(scene, head);
    expect(notes(scene).map(({ data }) => data["after"] ?? data["note"])).toEqual([
      "one",
      "two",
      "three",
      "the last word",
    ]);
  });

  it("masks credentials that an edit brings", async () => {
    const scene = await start();
    const { message: head, slack } = scene;
    const ts = await say(scene, head, "one");
    await pin(scene, ts);
    await noteLine(scene, head, "Noted by @bob");
    await slack.edit({ user: bob, channel, ts, text: "token xoxb-1234567890-abcdefghij" });
    await noteLine(scene, head, "edited");
    expect(JSON.stringify(notes(scene))).not.toContain("xoxb");
  });

  it("is all that is looked at: other messages cost neither a call nor a row", async () => {
    const scene = await start();
    const { message: head, slack } = scene;
    const before = slack.calls.length;
    const rows = readAudit(scene).length;
    const { ts } = await slack.post({ user: bob, channel, text: "lunch?" });
    await slack.edit({ user: bob, channel, ts, text: "lunch!" });
    await slack.remove({ user: bob, channel, ts });
    expect(slack.calls.slice(before).filter(({ method }) => method !== "chat.update")).toEqual([]);
    expect(readAudit(scene)).toHaveLength(rows);
    await settled(scene, head);
  });
});
