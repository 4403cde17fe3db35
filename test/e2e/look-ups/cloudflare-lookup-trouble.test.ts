/** @module-tag slow */
import { describe, expect, it } from "vitest";

import type { Fault } from "../../../sandbox/cloudflare/index.ts";
import { SUMMARY_ACTIONS } from "../../../src/views/look-ups/user-summary.ts";
import { answerTo, askToRevoke, PEOPLE, type, wordsOf } from "../../support/harness.ts";
import { clickOn, privateAnswer, startScene, type Scene } from "../support.ts";

/** The parts of `/zt user`: Cloudflare's route, the part's name in the answer, and what it says when all is well. */
const PARTS = [
  { route: "identity", title: "identity", well: "azureAD · 2 groups" },
  { route: "sessions.list", title: "sessions", well: "3 active sessions on 5 apps" },
  { route: "failed-logins", title: "failed sign-ins", well: "17 failed sign-ins in 24 h" },
  { route: "risk.get", title: "risk score", well: "4 risk events" },
  { route: "registrations.list", title: "devices", well: "2 registered devices" },
] as const;

/** How Cloudflare fails, and what a reader is told. The slow ones are those that are tried again first. */
const QUICK: readonly (readonly [name: string, fault: Fault, said: RegExp])[] = [
  [
    "a rate limit",
    { kind: "rate-limit", retryAfter: 30 },
    /rate limit is reached; calls resume within five minutes/,
  ],
  [
    "a refusal that comes as 200",
    { kind: "success-false", message: "no such thing" },
    /Cloudflare refused: no such thing/,
  ],
  [
    "a missing permission",
    { kind: "status", status: 403 },
    /the API token lacks “(Access: Audit Logs|Zero Trust: PII|Zero Trust) Read”/,
  ],
  ["an answer that is no JSON", { kind: "status", status: 200, html: true }, /can't be read/],
];
const SLOW: typeof QUICK = [
  ["a gateway error as HTML", { kind: "status", status: 502, html: true }, /returned an error \(502\)/],
  ["a dropped connection", { kind: "drop" }, /Cloudflare can't be reached/],
  ["no answer at all", { kind: "hang" }, /did not answer in time/],
];

/** The whole answer, which follows where parts of it were shown before. */
async function lookUp({ slack }: Scene): Promise<string> {
  const before = slack.ephemerals(PEOPLE.alice).length;
  await type(slack, PEOPLE.alice, "user mallory@example.com");
  return slack.waitFor(() => {
    const words = slack
      .ephemerals(PEOPLE.alice)
      .slice(before)
      .map((message) => slack.visibleText(message));
    return words.find((said) => !said.includes("⏳"));
  }, 45_000);
}

/** The line that says that a part is unknown, and why. */
function lineOf(words: string, title: string): string | undefined {
  return words.split("\n").find((line) => line.startsWith("⚠️ Unknown: ") && line.includes(title));
}

describe("/zt user while Cloudflare is in trouble", () => {
  it.each(QUICK)(
    "%s in any one part is told in its place, and every other part is there",
    async (_name, fault, said) => {
      const scene = await startScene();
      for (const { route, title } of PARTS) {
        scene.cloudflare.faults.set(route, fault);
        const words = await lookUp(scene);
        expect(lineOf(words, title)).toMatch(said);
        const others = PARTS.filter((other) => other.route !== route);
        for (const { well } of others) expect(words).toContain(well);
        expect(words).toContain("Mallory Archer");
        scene.cloudflare.faults.clear();
      }
    },
  );

  // The parts are asked for at once: all of them in trouble take as long as one.
  it.each(SLOW)(
    "%s in every part but one is told in each place, beside what could be read",
    async (_name, fault, said) => {
      const scene = await startScene();
      const spared = PARTS[1];
      const troubled = PARTS.filter((part) => part !== spared);
      for (const { route } of troubled) scene.cloudflare.faults.set(route, fault);
      const words = await lookUp(scene);
      for (const { title } of troubled) expect(lineOf(words, title)).toMatch(said);
      expect(words).toContain(spared.well);
    },
  );

  it("a part that fails once and then works is there, as if nothing had been", async () => {
    const scene = await startScene();
    for (const { route } of PARTS) {
      scene.cloudflare.faults.set(route, { kind: "status", status: 503, times: 1 });
    }
    const words = await lookUp(scene);
    for (const { well } of PARTS) expect(words).toContain(well);
  });

  it("odd answers cost no part of the summary, and none of the oddness is shown", async () => {
    const scene = await startScene();
    for (const { route } of PARTS) scene.cloudflare.faults.set(route, { kind: "odd" });
    const words = await lookUp(scene);
    expect(words).not.toContain("Unknown");
    expect(words).not.toMatch(/null|undefined|NaN|Invalid Date|\[object/);
    expect(words).toContain("3 active sessions");
    expect(words).toContain("2 registered devices");
    expect(words).toContain("critical, 4 risk events");
  });

  it.each([
    ["a rate limit", { kind: "rate-limit", retryAfter: 30 }, ["rate limit", "Try again in a few minutes"]],
    [
      "a refusal",
      { kind: "success-false", message: "no such thing" },
      ["Can't read the Access users: Cloudflare refused: no such thing"],
    ],
    [
      "a missing permission",
      { kind: "status", status: 403 },
      [
        "Can't read the Access users: the API token lacks “Access: Audit Logs Read”",
        "Add “Access: Audit Logs Read” to the token",
      ],
    ],
    [
      "a gateway error",
      { kind: "status", status: 502, html: true },
      ["Cloudflare returned an error (502)", "cloudflarestatus.com"],
    ],
    ["a bad token", { kind: "status", status: 401 }, ["rejected the API token", "CLOUDFLARE_API_TOKEN"]],
  ] as const)("%s while the user is looked for is told with the next step", async (_name, fault, said) => {
    const scene = await startScene();
    scene.cloudflare.faults.set("users.list", fault);
    const words = await lookUp(scene);
    for (const text of said) expect(words).toContain(text);
  });

  it("a token without the permission for risk scores shows everything else", async () => {
    const scene = await startScene({
      permissions: ["Access: Audit Logs Read", "Zero Trust Read"],
    });
    const words = await lookUp(scene);
    expect(lineOf(words, "risk score")).toContain("the API token lacks “Zero Trust: PII Read”");
    expect(words).toContain("3 active sessions on 5 apps");
  });
});

describe("buttons and requests while Cloudflare is in trouble", () => {
  it("Sessions and Share say what went wrong to who pressed them", async () => {
    const { slack, cloudflare } = await startScene();
    const { message } = await answerTo(slack, PEOPLE.alice, "user mallory@example.com");
    cloudflare.faults.set("*", { kind: "rate-limit", retryAfter: 60 });
    for (const actionId of [SUMMARY_ACTIONS.sessions, SUMMARY_ACTIONS.share]) {
      const words = await privateAnswer(slack, PEOPLE.alice, () =>
        slack.click({ user: PEOPLE.alice, ...clickOn(message, actionId) }),
      );
      expect(words).toContain("Cloudflare's rate limit");
      expect(words).toContain("Try again in a few minutes");
    }
    expect(slack.messages(message.channel)).toEqual([]);
  });

  it("a request can be asked for while parts cannot be read, and its card says which", async () => {
    const { slack, cloudflare } = await startScene();
    cloudflare.faults.set("sessions.list", { kind: "success-false", message: "busy" });
    cloudflare.faults.set("registrations.list", { kind: "success-false", message: "busy" });
    const words = wordsOf(slack, await askToRevoke(slack));
    expect(words).toContain("Ends all their sessions (number unknown: Cloudflare refused: busy)");
    expect(words).toContain("Their devices stay registered (number unknown)");
  });
});
