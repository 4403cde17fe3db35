import { WebClient } from "@slack/web-api";
import { expect, test } from "vitest";

import { createJournal, type Exchange } from "../../../sandbox/inspector/journal.ts";
import { answerTo, CHANNELS, PEOPLE, startAll, type as typeCommand } from "../../support/harness.ts";

const { alice } = PEOPLE;

async function start() {
  const journal = createJournal(["xoxb-sandbox-bot"]);
  const scene = await startAll({
    observe: journal.observe,
    slack: { ackTimeoutMs: 1500 },
    // Takes everything and says nothing.
    mount: (app) => void app.post("/silent", () => {}),
  });
  const find = (is: (one: Exchange) => boolean) => scene.slack.waitFor(() => journal.list().find(is));
  return { ...scene, journal, find };
}

test("a look-up is seen in all three ways: the command with its acknowledgement, Cloudflare's calls, the answer", async () => {
  const { slack, journal, find } = await start();
  await answerTo(slack, alice, "user mallory@example.com");
  const command = await find(({ way, ms }) => way === "slack-to-bot" && ms !== null);
  expect(command).toMatchObject({
    name: "/zt",
    detail: "user mallory@example.com · Alice Moreau",
    error: null,
  });
  expect(command.ms).toBeLessThan(3000);
  await find(({ way, name, status }) => way === "bot-to-cloudflare" && name === "GET" && status === 200);
  await find(({ way, name }) => way === "bot-to-slack" && name === "response_url");
  expect(journal.list().flatMap(({ broken }) => broken)).toEqual([]);
  const bodies = journal.list().map(({ id }) => journal.bodies(id));
  expect(JSON.stringify(bodies)).not.toMatch(/xoxb-sandbox-bot|\/actions\/T0SANDBOX\/\w/);
});

test("a 429 of Cloudflare and of Slack, and an acknowledgement that does not come, are broken limits", async () => {
  const { slack, cloudflare, find } = await start();
  cloudflare.faults.set("*", { kind: "rate-limit", retryAfter: 1, times: 1 });
  slack.faults.set("response_url", { retryAfter: 1, times: 1 });
  await answerTo(slack, alice, "sessions mallory@example.com");
  const isBroken = (way: Exchange["way"]) => find((one) => one.way === way && one.broken.length > 0);
  expect((await isBroken("bot-to-cloudflare")).broken).toEqual(["rate limit of Cloudflare’s API"]);
  expect((await isBroken("bot-to-slack")).broken).toEqual(["rate limit of response_url"]);
  slack.setDelivery({ mode: "http", url: `${slack.url}/silent` });
  await typeCommand(slack, alice, "help");
  const late = await find(({ error }) => error === "operation_timeout");
  expect(late).toMatchObject({ name: "/zt", broken: ["not acknowledged within 1.5 s"] });
  expect(late.ms).toBeGreaterThanOrEqual(1500);
});

test("a message that Slack refuses for its size is a broken limit, with the reason", async () => {
  const journal = createJournal([]);
  const { slack } = await startAll({ observe: journal.observe });
  await new WebClient("xoxb-sandbox-bot", { slackApiUrl: slack.apiUrl }).chat
    .postMessage({
      channel: CHANNELS.approvals,
      text: "x",
      blocks: [{ type: "divider", block_id: "b".repeat(256) }],
    })
    .catch(() => {});
  expect(journal.list().find(({ name }) => name === "chat.postMessage")).toMatchObject({
    detail: "#zt-approvals",
    error: "invalid_blocks",
    broken: [expect.stringContaining("less than 256 characters")],
  });
});
