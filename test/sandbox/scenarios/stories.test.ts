/** @module-tag slow */
import { expect, test } from "vitest";

import { SCENARIOS, type ScenarioName } from "../../../sandbox/scenarios/index.ts";
import { createPlayer } from "../../../sandbox/scenarios/player.ts";
import { BLOCK_LIST_ID } from "../../../sandbox/cloudflare/seed/keep-out.ts";
import type { CloudflareEmulator } from "../../../sandbox/cloudflare/index.ts";
import { SANDBOX_POLICY } from "../../../sandbox/workspace.ts";
import { callsTo, CHANNELS, startAll } from "../../support/harness.ts";

/** Plays a scenario to its end, and gives back the incident's head and thread in words. */
async function startPlayer() {
  const scene = await startAll({ policy: SANDBOX_POLICY, watchMs: 200, sweepMs: 200 });
  const { slack } = scene;
  const player = createPlayer({ ...scene, pace: 0 });
  async function play(name: ScenarioName) {
    player.start(name, "playing");
    expect(await player.finished()).toBe(true);
    const { place, trouble } = player.state().playing ?? {};
    expect(trouble).toBeNull();
    const { channel = "", thread = "" } = place ?? {};
    const head = slack.messages(channel).find(({ ts }) => ts === thread);
    return {
      head: head === undefined ? "" : slack.visibleText(head),
      files: slack.thread(channel, thread).flatMap(({ files = [] }) => files.map(({ name }) => name)),
      thread: slack.thread(channel, thread).map((reply) => slack.visibleText(reply)),
    };
  }
  return { ...scene, player, play };
}

function blocked({ state }: CloudflareEmulator): string[] {
  return state.lists.find(({ id }) => id === BLOCK_LIST_ID)?.items.map(({ value }) => value) ?? [];
}

test("phished-user: revoked, back, revoked and blocked, contained, closed, and played again from where it ended", async () => {
  const { slack, cloudflare, play } = await startPlayer();
  for (const time of [1, 2]) {
    // oxlint-disable-next-line no-await-in-loop -- the second time begins where the first has ended
    const { head, thread, files } = await play("phished-user");
    expect(head, `time ${time}`).toMatch(/Phished: Mallory[\s\S]*⚪ Closed .* by @alice/);
    const story = thread.join("\n");
    expect(story).toMatch(
      /📌 Noted by @bob[\s\S]*@alice requested: Revoke all sessions and devices[\s\S]*@bob approved[\s\S]*✅ Revoked \d sessions? and \d device registrations?, verified/,
    );
    expect(story).toMatch(
      /@alice requested: Revoke all sessions of mallory@example.com and block them[\s\S]*@carol approved[\s\S]*blocked \(on the list/,
    );
    expect(story).toMatch(/@carol approved[\s\S]*✅ Contained/);
    expect(blocked(cloudflare)).toContain("mallory@example.com");
    expect(files.map((name) => name.replace(/^INC-\w+/, ""))).toEqual([".md", ".json"]);
  }
  const alerts = slack
    .messages(CHANNELS.approvals)
    .flatMap(({ ts }) => slack.thread(CHANNELS.approvals, ts))
    .filter((reply) => slack.visibleText(reply).includes("signed in again at"));
  expect(alerts.length).toBeGreaterThanOrEqual(2);
  expect(slack.violations).toEqual([]);
});

test("false-alarm: denied with its reason, noted, closed with the gaps named, and Cloudflare never called", async () => {
  const { slack, cloudflare, play } = await startPlayer();
  const { head, thread } = await play("false-alarm");
  expect(head).toMatch(/⚪ Closed .*, with gaps left/);
  expect(thread.join("\n")).toMatch(/⛔ @bob denied \(Rhea is in New York/);
  expect(thread.join("\n")).toContain("📌 Noted by @bob");
  expect(callsTo(cloudflare, "POST", "revoke_user")).toEqual([]);
  expect(slack.violations).toEqual([]);
});

test("credential-stuffing: forty people, Cloudflare failing half-way, everyone out, and no one revoked again who was out", async () => {
  const { slack, cloudflare, play } = await startPlayer();
  const { head, thread } = await play("credential-stuffing");
  expect(thread.join("\n")).toContain("40 of 40 done");
  expect(head).toMatch(/First containment after[\s\S]*revoked/);
  const calls = callsTo(cloudflare, "POST", "revoke_user");
  expect(calls.filter(({ status }) => status === 502).length).toBeGreaterThan(0);
  const accepted = calls.filter(({ status }) => status === 200).map(({ body }) => JSON.stringify(body));
  expect(accepted).toHaveLength(40);
  expect(new Set(accepted).size).toBe(40);
  expect(slack.violations).toEqual([]);
});

test("each is offered by its name, with a title and how long it is", async () => {
  const { player } = await startPlayer();
  expect(player.state().scenarios.map(({ name }) => name)).toEqual([...SCENARIOS]);
  for (const { title, about, steps } of player.state().scenarios) {
    expect(title).not.toBe("");
    expect(about).toMatch(/\.$/);
    expect(steps).toBeGreaterThan(5);
  }
});
