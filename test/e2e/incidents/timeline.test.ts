import { describe, expect, it } from "vitest";

import { answerTo, askToRevoke, callsTo, CHANNELS, PEOPLE } from "../../support/harness.ts";
import {
  INCIDENT_POLICY,
  approve,
  openIncident,
  startScene,
  threadWords,
  turnPage,
  type Scene,
} from "../support.ts";

const { alice, bob } = PEOPLE;
const MALLORY = "mallory@example.com";
const MINUTE = 60_000;

const policy = INCIDENT_POLICY;

type Row = Scene["cloudflare"]["state"]["accessRequests"][number];

/** Leaves nothing in Cloudflare's logs but what `add` puts there; each row `minutes` ago. */
function emptyLogs({ cloudflare }: Scene): (minutes: number, changes?: Partial<Row>) => void {
  const { accessRequests, failedLogins, risk } = cloudflare.state;
  const [sample] = accessRequests;
  if (sample === undefined) throw new Error("the seed has no Access request");
  accessRequests.length = 0;
  failedLogins.length = 0;
  for (const profile of risk) profile.events = [];
  let ray = 0;
  return (minutes, changes = {}) => {
    ray += 1;
    const at = cloudflare.now() - minutes * MINUTE;
    accessRequests.push({ ...sample, email: MALLORY, at, rayId: `ray-${ray}`, allowed: true, ...changes });
  };
}

/** The lines of the rows, without their times. */
function rowsOf(words: string): string[] {
  return words
    .split("\n")
    .filter((line) => /^\S+ \d{4}-/.test(line))
    .map((line) => line.replace(/ \d{4}-\d\d-\d\d [\d:]+ UTC/, ""));
}

describe("/zt timeline", () => {
  it("merges sign-ins, denials, risk events, requests, approvals and notes, the newest first", async () => {
    const scene = await startScene({ policy });
    const { slack, cloudflare } = scene;
    const add = emptyLogs(scene);
    add(20, { ip: "203.0.113.199" });
    add(30, { allowed: false, ip: "203.0.113.199" });
    cloudflare.addRiskEvent(MALLORY, { level: "high", at: cloudflare.now() - 25 * MINUTE });
    const { id, message: head } = await openIncident(scene);
    await approve(slack, await askToRevoke(slack));
    await slack.waitFor(() => threadWords(slack, head).some((line) => line.includes("Contained")));
    await answerTo(slack, alice, `incident note ${id} called her`);
    const { words, message } = await answerTo(slack, alice, `timeline ${MALLORY}`);
    expect(rowsOf(words).map((line) => line.replaceAll(/(ZT|INC)-\w+/g, "$1"))).toEqual([
      "📌 @alice: called her",
      "✅ INC is contained: no required gaps are left",
      "✅ Done: Revoked 3 sessions · mallory@example.com · ZT",
      "🔵 @bob approved it · mallory@example.com · ZT",
      "🟡 @alice requested: Revoke sessions: laptop stolen · mallory@example.com · ZT",
      "🔴 @alice opened INC",
      "🔑 Mallory Archer signed in: grafana.example.com from 203.0.113.199",
      "🔴 Mallory Archer: Impossible travel",
      "⛔ Mallory Archer was denied: grafana.example.com from 203.0.113.199",
    ]);
    expect(JSON.stringify(message.blocks)).toMatch(/<http[^|>]*\|ZT-/);
    const ofIncident = await answerTo(slack, alice, `timeline ${id.toLowerCase()}`);
    expect(rowsOf(ofIncident.words)).toEqual(rowsOf(words));
    expect(ofIncident.words).toContain(`Timeline of ${id} (Phishing wave)`);
  });

  it("names applications without a domain as other rows, failed sign-ins and sessions do, or says that it is an id", async () => {
    const scene = await startScene({ policy });
    const { slack, cloudflare } = scene;
    const user = cloudflare.state.users.find(({ email }) => email === MALLORY);
    const session = cloudflare.state.sessions.find(({ userId }) => userId === user?.id);
    const [open] = session?.apps ?? [];
    const add = emptyLogs(scene);
    add(1, { appUid: open?.uid ?? "", appDomain: "" });
    add(2, { appUid: "uid-known", appDomain: "" });
    add(3, { appUid: "uid-known", appDomain: "wiki.example.com" });
    add(4, { appUid: "uid-unknown", appDomain: "" });
    const { words } = await answerTo(slack, alice, `timeline ${MALLORY}`);
    const signedIn = rowsOf(words).filter((row) => row.includes("signed in"));
    expect(signedIn[0]).toContain(`signed in: ${open?.name} from`);
    expect(signedIn[1]).toContain("signed in: wiki.example.com from");
    expect(signedIn[3]).toContain("signed in: the app uid-unknown from");
  });

  it("pages through 2,000 rows, which stay where they are while new ones come", async () => {
    const scene = await startScene({ policy });
    const { slack } = scene;
    const add = emptyLogs(scene);
    for (let index = 0; index < 2000; index += 1)
      add(index / 4 + 1, { appDomain: `app-${index}.example.com` });
    const { words, message } = await answerTo(slack, alice, `timeline ${MALLORY}`);
    expect(words).toContain("1–20 of 2,000");
    expect(rowsOf(words)[0]).toContain("app-0.");
    expect(words).not.toContain("Newer");
    add(0, { appDomain: "app-new.example.com" });
    const asked = callsTo(scene.cloudflare, "GET", "/access/logs/access_requests").length;
    const older = await turnPage(scene, message, "screen:timeline:next");
    expect(older).toContain("21–40 of 2,000");
    expect(rowsOf(older)[0]).toContain("app-20.");
    expect(rowsOf(older)).toHaveLength(20);
    const oldest = await turnPage(scene, message, "screen:timeline:last");
    expect(oldest).toContain("1,981–2,000 of 2,000");
    expect(oldest).not.toContain("Older");
    expect(rowsOf(await turnPage(scene, message, "screen:timeline:previous"))[0]).toContain("app-1960.");
    // Turning a page reads nothing again.
    expect(callsTo(scene.cloudflare, "GET", "/access/logs/access_requests")).toHaveLength(asked);
    const fresh = await turnPage(scene, message, "screen:timeline:refresh");
    expect(fresh).toContain("1–20 of 2,001");
    expect(rowsOf(fresh)[0]).toContain("app-new.");
  });

  it("folds a burst of denials from one address, and shows each on the same page when asked", async () => {
    const scene = await startScene({ policy });
    const { slack } = scene;
    const add = emptyLogs(scene);
    for (let index = 0; index < 30; index += 1)
      add(10 + index * 20, { appDomain: `app-${index}.example.com` });
    const denied = { allowed: false, appDomain: "vpn.example.com" };
    for (let index = 0; index < 17; index += 1) add(401 + index / 4, { ...denied, ip: "203.0.113.199" });
    for (const minutes of [402, 403]) add(minutes, { ...denied, ip: "198.51.100.7" });
    const { message } = await answerTo(slack, alice, `timeline ${MALLORY}`);
    const folded = await turnPage(scene, message, "screen:timeline:next");
    expect(folded).toContain("21–33 of 33");
    expect(rowsOf(folded)).toContain(
      "⛔ Mallory Archer was denied 17 times within 4 min: vpn.example.com from 203.0.113.199",
    );
    expect(rowsOf(folded).filter((line) => line.includes("198.51.100.7"))).toHaveLength(2);
    const each = await turnPage(scene, message, "screen:timeline:fold");
    expect(each).toContain("21–40 of 49");
    expect(rowsOf(each).filter((line) => line.includes("was denied: vpn.example.com"))).toHaveLength(19);
    expect(await turnPage(scene, message, "screen:timeline:fold")).toContain("21–33 of 33");
  });

  it("does not fold what came before an allowed sign-in with what came after it", async () => {
    const scene = await startScene({ policy });
    const add = emptyLogs(scene);
    for (const minutes of [1, 2, 3, 5, 6, 7]) add(minutes, { allowed: false, ip: "203.0.113.199" });
    add(4, { ip: "203.0.113.199" });
    const { words } = await answerTo(scene.slack, alice, `timeline ${MALLORY}`);
    expect(rowsOf(words).map((line) => line.split(":")[0])).toEqual([
      "⛔ Mallory Archer was denied 3 times within 2 min",
      "🔑 Mallory Archer signed in",
      "⛔ Mallory Archer was denied 3 times within 2 min",
    ]);
  });

  it("tells a denial that both of Cloudflare's logs have once, and each that only one has", async () => {
    const scene = await startScene({ policy });
    const { slack, cloudflare } = scene;
    const add = emptyLogs(scene);
    const denied = { allowed: false, ip: "203.0.113.199" };
    add(10, { ...denied, rayId: "ray-same" });
    add(60, denied);
    add(120, denied);
    const failed = (minutes: number, rayId: string) => {
      const one = cloudflare.failLogin(MALLORY);
      Object.assign(one, { at: cloudflare.now() - minutes * MINUTE, rayId });
    };
    failed(10, "ray-same");
    failed(60, "ray-other");
    failed(60, "ray-third");
    // The emulator writes each into both.
    cloudflare.state.accessRequests.splice(3);
    const { words } = await answerTo(slack, alice, `timeline ${MALLORY}`);
    expect(rowsOf(words)).toHaveLength(4);
    expect(rowsOf(words).filter((line) => line.includes("203.0.113.199"))).toHaveLength(3);
  });

  it("names what can't be read before anything else, and never takes it for nothing", async () => {
    const scene = await startScene({ policy });
    const { slack, cloudflare } = scene;
    emptyLogs(scene)(5);
    for (const route of ["risk.get", "failed-logins"] as const)
      cloudflare.faults.set(route, { kind: "status", status: 403 });
    const { words } = await answerTo(slack, alice, `timeline ${MALLORY}`);
    expect(words.split("\n").slice(1, 3).join("\n")).toMatch(
      /Unknown: denials of Mallory Archer.*\n.*Unknown: risk events of Mallory Archer/,
    );
    expect(rowsOf(words)).toHaveLength(1);
    cloudflare.faults.set("access-requests", { kind: "status", status: 403 });
    const none = await answerTo(slack, alice, `timeline ${MALLORY}`);
    expect(none.words).toContain("nothing could be read");
    expect(none.words).toContain("Unknown: sign-ins of Mallory Archer");
  });

  it("reads with the next page what could not be read with the first", { tags: ["slow"] }, async () => {
    const scene = await startScene({ policy });
    const { slack, cloudflare } = scene;
    const add = emptyLogs(scene);
    for (let index = 0; index < 70; index += 1) add(index + 1, { appDomain: `app-${index}.example.com` });
    cloudflare.faults.set("risk.get", { kind: "status", status: 502 });
    const { words, message } = await answerTo(slack, alice, `timeline ${MALLORY}`);
    expect(words).toContain("Unknown: risk events");
    cloudflare.faults.clear();
    const older = await turnPage(scene, message, "screen:timeline:next");
    expect(older).toContain("21–40 of 70");
    expect(older).not.toContain("Unknown");
  });

  it("says where the sign-ins it shows begin, and refuses what it can't read as a range", async () => {
    const scene = await startScene({ policy });
    const { slack } = scene;
    const add = emptyLogs(scene);
    add(60 * 24 * 6);
    expect((await answerTo(slack, alice, `timeline ${MALLORY}`)).words).toContain("nothing since");
    const month = await answerTo(slack, alice, `timeline ${MALLORY} 30d`);
    expect(month.words).toMatch(/Not shown: sign-ins of Mallory Archer before .* \(too long ago\)/);
    expect(rowsOf(month.words)).toHaveLength(1);
    expect((await answerTo(slack, alice, `timeline ${MALLORY} 90d`)).words).toContain("30 days at most");
    expect((await answerTo(slack, alice, `timeline ${MALLORY} --range soon`)).words).toContain(
      `Can't read "soon" as a range.`,
    );
    expect((await answerTo(slack, alice, "timeline")).words).toContain("No one was named.");
    expect((await answerTo(slack, alice, "timeline INC-00000")).words).toContain(
      "There is no incident INC-00000",
    );
  });

  it("reads many people with one look at the account's sign-ins", async () => {
    const scene = await startScene({ policy });
    const { slack, cloudflare } = scene;
    const add = emptyLogs(scene);
    const emails = ["mallory", "alice", "bob", "carol", "dana"].map((name) => `${name}@example.com`);
    emails.forEach((email, index) => add(index + 1, { email }));
    add(1, { email: "erin@example.com" });
    const { words } = await answerTo(slack, alice, `timeline ${emails.join(" ")}`);
    expect(rowsOf(words)).toHaveLength(5);
    expect(callsTo(cloudflare, "GET", "/access_requests")).toHaveLength(1);
    expect(words).not.toContain("Unknown");
  });
});

describe("a timeline in an incident's thread", () => {
  it("is the incident's, asked for by a mention without an id", async () => {
    const scene = await startScene({ policy });
    const { slack } = scene;
    emptyLogs(scene)(5);
    const { message, id } = await openIncident(scene);
    const ask = { user: bob, channel: CHANNELS.incident, text: "@zt-bot timeline", threadTs: message.ts };
    await slack.post(ask);
    const words = await slack.waitFor(() =>
      threadWords(slack, message).find((line) => line.startsWith("Timeline of")),
    );
    expect(words).toContain(`Timeline of ${id} (Phishing wave)`);
    expect(words).toContain("🔑");
    expect(words).toContain(`@alice opened ${id}`);
  });

  it("keeps notes from those whom the policy does not let read incidents, and says so", async () => {
    const scene = await startScene({ policy: `${policy}incidents: { visible_to: [${alice}] }\n` });
    const { slack } = scene;
    emptyLogs(scene)(5);
    const { id } = await openIncident(scene);
    await answerTo(slack, alice, `incident note ${id} called her`);
    const { words } = await answerTo(slack, bob, `timeline ${MALLORY}`);
    expect(words).toContain("Not shown: notes.");
    expect(words).not.toContain("called her");
    expect(rowsOf(words)).toHaveLength(1);
    expect((await answerTo(slack, bob, `timeline ${id}`)).words).toContain("You can't read incidents.");
    expect((await answerTo(slack, PEOPLE.carol, `timeline ${MALLORY}`)).words).toContain(
      "You can't use /zt timeline",
    );
  });
});
