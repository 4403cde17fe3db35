import { describe, expect, it } from "vitest";

import type { ApiCall } from "../../../sandbox/slack/index.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import type { Message } from "../../../src/views/blocks.ts";
import { answerTo, askToRevoke, PEOPLE, press } from "../../support/harness.ts";
import { HOSTILE, messageProblems, viewProblems } from "../../views/support.ts";
import { newModal, readAudit, sendForm, startScene } from "../support.ts";

const { alice, bob } = PEOPLE;
const MALLORY = "mallory@example.com";

/** What people and devices can call themselves, and what Cloudflare says of them in free text. */
const NAMES: ReadonlySet<string> = new Set([
  "name",
  "deviceName",
  "appName",
  "appDomain",
  "description",
  "details",
  "idpType",
  "country",
]);

/** Gives everything in Cloudflare a name that tries all that Slack could make of it. */
function rename(node: unknown, seen = new Set<unknown>()): void {
  if (typeof node !== "object" || node === null || seen.has(node)) return;
  seen.add(node);
  if (node instanceof Map || node instanceof Set) {
    for (const value of node.values()) rename(value, seen);
    return;
  }
  const values = node as Record<string, unknown>;
  for (const [key, value] of Object.entries(values)) {
    if (typeof value === "string" && NAMES.has(key)) values[key] = HOSTILE;
    else rename(value, seen);
  }
}

/** What Slack would make of what the bot sent beyond text and the bot's own markup. */
function problemsOf({ method, args }: ApiCall): string[] {
  const { view, text, blocks } = args;
  if (method.startsWith("views.")) return viewProblems(view as Parameters<typeof viewProblems>[0]);
  return typeof text === "string" ? messageProblems({ text, blocks: blocks as Message["blocks"] }) : [];
}

describe("names that try everything", () => {
  it("are nothing but text in every answer, card, thread and form", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    rename(cloudflare.state);
    for (const text of [
      `user ${MALLORY}`,
      `sessions ${MALLORY}`,
      `devices ${MALLORY}`,
      `failed-sign-ins ${MALLORY}`,
      `sign-ins ${MALLORY}`,
      `identity ${MALLORY}`,
      `risk ${MALLORY}`,
      "risk",
      "users",
      "changes",
      `user ${HOSTILE}`,
      `cancel ${HOSTILE}`,
      HOSTILE,
    ])
      await answerTo(slack, alice, text.toWellFormed());
    const reason = HOSTILE.toWellFormed().replaceAll("`", "'");
    const card = await askToRevoke(slack, { text: `revoke ${MALLORY} --devices --reason ${reason}` });
    await newModal(slack, bob, () => press(slack, bob, card, CARD_ACTIONS.details));
    const deny = await newModal(slack, bob, () => press(slack, bob, card, CARD_ACTIONS.deny));
    await sendForm(slack, bob, deny, { reason: { reason: HOSTILE.toWellFormed() } });
    for (const text of ["requests all", `audit ${MALLORY}`]) await answerTo(slack, alice, text);
    await answerTo(slack, bob, `pause --reason ${reason}`);
    expect(JSON.stringify(readAudit(scene))).toContain(":white_check_mark:");

    const sent = slack.calls.filter(({ method }) => /^chat\.|^views\.|^response_url$/.test(method));
    expect(sent.length).toBeGreaterThan(25);
    expect(JSON.stringify(sent)).toContain("꞉white_check_mark:");
    expect([...new Set(sent.flatMap(problemsOf))]).toEqual([]);
  });
});
