import { describe, expect, it } from "vitest";

import { answerTo, askToRevoke, callsTo, PEOPLE } from "../../support/harness.ts";
import { accessIdOf, approve, newAnswer, startScene, turnPage } from "../support.ts";

const HOUR = 3_600_000;
const MALLORY = "mallory@example.com";

describe("/zt sign-ins", () => {
  it("shows the last day's requests of exactly this address, newest first, and pages through them", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const now = cloudflare.now();
    const [sample] = cloudflare.state.accessRequests;
    if (sample === undefined) throw new Error("the seed has no Access request");
    const add = (at: number, rayId: string, changes: Partial<typeof sample> = {}) =>
      cloudflare.state.accessRequests.push({ ...sample, email: MALLORY, at, rayId, ...changes });
    cloudflare.state.accessRequests.length = 0;
    for (let index = 0; index < 40; index += 1)
      add(now - (index + 1) * 60_000, `ray-${index}`, { allowed: index % 4 === 0 });
    add(now - 1000, "ray-of-another", { email: `x${MALLORY}` });
    add(now - 25 * HOUR, "ray-of-yesterday");

    const { message, words } = await answerTo(slack, PEOPLE.alice, `sign-ins ${MALLORY}`);
    expect(words).toContain("40 sign-ins in the last 24 h: 30 denied and 10 allowed · 1–20 of 40");
    expect(words).toContain(`• 40 × ${sample.appDomain}, 30 denied`);
    expect(words).not.toContain("ray-of-");
    expect(words.indexOf("ray-0")).toBeLessThan(words.indexOf("ray-19"));
    const next = await turnPage(scene, message, "screen:sign-ins:next");
    expect(next).toContain("21–40 of 40");
    expect(next).toContain("ray-39");
    expect(callsTo(cloudflare, "GET", "/access_requests")[0]?.query).toMatchObject({
      email: MALLORY,
      email_exact: "true",
      direction: "desc",
      limit: "1000",
    });

    const week = await newAnswer(scene, () =>
      slack.click({
        user: PEOPLE.alice,
        channel: message.channel,
        ts: message.ts,
        actionId: "screen:sign-ins:further",
      }),
    );
    expect(slack.visibleText(week)).toContain("41 sign-ins in the last 7 days");
    expect(await turnPage(scene, week, "screen:sign-ins:next")).toContain("in the last 7 days");
  });
});

describe("/zt sign-ins", () => {
  it.each([
    ["--days 2", "last 2 days"],
    ["—days 2d", "last 2 days"],
    ["--days=7", "last 7 days"],
  ])("goes back with %s, before or after whom it is about", async (flag, said) => {
    const { slack } = await startScene();
    for (const text of [
      `sign-ins ${MALLORY} ${flag}`,
      `logins ${flag} ${MALLORY}`,
      `log-ins ${MALLORY} ${flag}`,
    ])
      expect((await answerTo(slack, PEOPLE.alice, text)).words).toContain(`in the ${said}`);
  });

  it.each(["0", "8", "-1", "1.5", "many", "7x"])("does not take %s for a number of days", async (days) => {
    const { slack, cloudflare } = await startScene();
    const { words } = await answerTo(slack, PEOPLE.alice, `sign-ins ${MALLORY} --days=${days}`);
    expect(words).toContain(`Can't read "${days}" as a number of days.`);
    expect(words).toContain("Try --days 1 to --days 7.");
    expect(callsTo(cloudflare, "GET", "/access_requests")).toEqual([]);
  });

  it("finds what the log has in lower case, and tells two users of one address apart by their capitals", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const id = accessIdOf(scene, "Sam.Lee@example.com");
    const { accessRequests } = cloudflare.state;
    const [sample] = accessRequests;
    if (sample === undefined) throw new Error("the seed has no Access request");
    accessRequests.length = 0;
    accessRequests.push({ ...sample, email: "sam.lee@example.com", at: cloudflare.now() - 1000 });
    const { words } = await answerTo(slack, PEOPLE.alice, `sign-ins ${id}`);
    expect(words).toContain("Sam.Lee@example.com: 1 sign-in in the last 24 h");
    expect(words).toContain("1 sign-in with the address in other capitals");
  });

  it("searches for no one's sign-ins where the user has no address", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const user = cloudflare.state.users.find((one) => one.email === "svc-backup@example.com");
    if (user === undefined) throw new Error("svc-backup is not in the seed");
    user.email = "";
    const { words } = await answerTo(slack, PEOPLE.alice, `sign-ins ${user.id}`);
    expect(words).toContain(`The Access user ${user.id} has no email address.`);
    expect(words).toContain(`/zt failed-sign-ins ${user.id}`);
    expect(callsTo(cloudflare, "GET", "/access_requests")).toEqual([]);
  });
});

describe("/zt changes", () => {
  it("shows what Cloudflare recorded of the bot's token, and of no other", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const empty = await answerTo(slack, PEOPLE.alice, "changes");
    expect(empty.words).toContain("Cloudflare recorded no change by zt-bot in the last 24 h");

    const thread = await approve(slack, await askToRevoke(slack));
    const [entry] = cloudflare.state.audit;
    if (entry === undefined) throw new Error("nothing was recorded");
    expect(thread).toContain(entry.cfRay);
    cloudflare.state.audit.push(
      { ...entry, id: "another", tokenId: "another", cfRay: "ray-of-another" },
      { ...entry, id: "old", at: entry.at - 25 * HOUR, cfRay: "ray-of-yesterday" },
    );

    const { words } = await answerTo(slack, PEOPLE.alice, "changes");
    expect(words).toContain("By zt-bot: 1 change in the last 24 h, none failed");
    expect(words).toContain("succeeded");
    expect(words).toContain(entry.cfRay);
    expect(words).not.toContain("ray-of-");
    expect(words).toContain(`for zt-bot's API token ${entry.tokenId}`);
  });

  it("pages through them, those that failed marked, and says where there are more than it reads", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    await approve(slack, await askToRevoke(slack));
    const [entry] = cloudflare.state.audit;
    if (entry === undefined) throw new Error("nothing was recorded");
    for (let index = 1; index < 40; index += 1)
      cloudflare.state.audit.push({
        ...entry,
        id: `event-${index}`,
        at: entry.at - index * 1000,
        success: index % 2 === 0,
        status: index % 2 === 0 ? 200 : 403,
      });
    const { message, words } = await answerTo(slack, PEOPLE.alice, "changes");
    expect(words).toContain("40 changes in the last 24 h, 20 failed · 1–15 of 40");
    expect(words).toContain("❌ failed (HTTP 403)");
    expect(await turnPage(scene, message, "screen:changes:next")).toContain("16–30 of 40");

    for (let index = 40; index < 1200; index += 1)
      cloudflare.state.audit.push({ ...entry, id: `event-${index}`, at: entry.at - index * 1000 });
    const many = await answerTo(slack, PEOPLE.alice, "changes");
    expect(many.words).toContain("1,000 changes in the last 24 h");
    expect(many.words).toContain("These are the newest 1,000.");
  });
});

describe("/zt changes", () => {
  it("knows a user's token as well as an account's", async () => {
    const { slack } = await startScene({ token: { kind: "user" } });
    await approve(slack, await askToRevoke(slack));
    expect((await answerTo(slack, PEOPLE.alice, "changes")).words).toContain("1 change in the last 24 h");
  });

  it("says that the changes can't be told apart where the bot signs in with an email and a key", async () => {
    const { slack, cloudflare } = await startScene({ isKey: true });
    const { words } = await answerTo(slack, PEOPLE.alice, "changes");
    expect(words).toContain("zt-bot's changes can't be told apart from other people's.");
    expect(words).toContain("CLOUDFLARE_API_TOKEN");
    expect(cloudflare.requests).toEqual([]);
  });

  it("says so too where Cloudflare does not name the token", async () => {
    const { slack, cloudflare } = await startScene();
    const body = { success: true, errors: [], messages: [], result: { status: "active" } };
    cloudflare.faults.set("tokens.verify", { kind: "status", status: 200, body });
    const { words } = await answerTo(slack, PEOPLE.alice, "changes");
    expect(words).toContain("Cloudflare did not say which id its API token has");
    expect(callsTo(cloudflare, "GET", "/logs/audit")).toEqual([]);
  });

  it("names the permission that is missing, though the audit log answers with only a message", async () => {
    const { slack, cloudflare } = await startScene();
    const body = { success: false, errors: [{ message: "forbidden" }], messages: [] };
    cloudflare.faults.set("audit-logs", { kind: "status", status: 403, body });
    const { words } = await answerTo(slack, PEOPLE.alice, "changes");
    expect(words).toContain("lacks “Account Settings Read”");
  });
});
