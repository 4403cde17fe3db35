import { expect, test, vi } from "vitest";

import { createPlayer } from "../../../sandbox/scenarios/player.ts";
import { SANDBOX_POLICY } from "../../../sandbox/workspace.ts";
import { CHANNELS, PEOPLE, startAll } from "../../support/harness.ts";

async function start(options: { pace?: number; patienceMs?: number } = {}) {
  const scene = await startAll({ policy: SANDBOX_POLICY, watchMs: 200 });
  const player = createPlayer({ ...scene, pace: 0, ...options });
  const playing = () => {
    const now = player.state().playing;
    if (now === null) throw new Error("nothing is played");
    return now;
  };
  const reaches = (step: number) =>
    vi.waitFor(() => expect(playing().current).toBeGreaterThanOrEqual(step), { timeout: 20_000 });
  return { ...scene, player, playing, reaches };
}

const lookUp = { user: PEOPLE.alice, channel: CHANNELS.security, text: "user mallory@example.com" };

test(
  "a paused scenario takes no step by itself, notices the one that is taken by hand, and takes one when asked",
  { tags: ["slow"] },
  async () => {
    const { slack, player, playing, reaches } = await start();
    player.start("phished-user", "paused");
    expect(playing()).toMatchObject({ current: 0, mode: "paused", isActing: false });
    expect(slack.ephemerals(PEOPLE.alice)).toEqual([]);

    await slack.command(lookUp);
    await reaches(1);
    expect(playing().steps[0]?.doneBy).toBe("you");

    player.step();
    await reaches(2);
    expect(playing().steps[1]?.doneBy).toBe("guide");
    expect(playing().current).toBe(2);
    const [head] = slack.messages(CHANNELS.incident);
    expect(playing().place).toEqual({ user: PEOPLE.bob, channel: CHANNELS.incident, thread: head?.ts });
  },
);

test("what was there before a step began does not count as the step", async () => {
  const { slack, player, playing, reaches } = await start();
  await slack.command(lookUp);
  await slack.waitFor(() => slack.ephemerals(PEOPLE.alice).length > 0);
  await vi.waitFor(() => {
    const newest = slack.ephemerals(PEOPLE.alice).at(-1);
    expect(Date.now() - Number(newest?.ts) * 1000).toBeGreaterThan(5);
  });
  player.start("phished-user", "paused");
  expect(playing().current).toBe(0);
  player.step();
  await reaches(1);
  expect(playing().steps[0]?.doneBy).toBe("guide");
});

test(
  "a scenario that plays leaves time to read, can be paused before a step, and goes on",
  { tags: ["slow"] },
  async () => {
    const { player, playing, reaches } = await start({ pace: 600 });
    player.start("false-alarm", "playing");
    player.pause();
    player.setPace(0);
    expect(playing()).toMatchObject({ current: 0, mode: "paused" });
    player.step();
    await reaches(1);
    player.play();
    expect(await player.finished()).toBe(true);
    expect(playing().current).toBe(playing().steps.length);
  },
);

test("a step that does not get through says why, and can be tried again", async () => {
  const { slack, player, playing, reaches } = await start();
  slack.setDelivery({ mode: "http", url: "http://127.0.0.1:9/nobody" });
  player.start("phished-user", "playing");
  await vi.waitFor(() => expect(playing().trouble).toContain("dispatch_failed"));
  expect(playing()).toMatchObject({ current: 0, isActing: false });
  slack.setDelivery({ mode: "socket" });
  player.step();
  await reaches(1);
  expect(playing().trouble).toBeNull();
});

test("a step whose effect does not come says that it takes long, and still ends once it comes", async () => {
  const { slack, player, playing, reaches } = await start({ patienceMs: 50 });
  const held = slack.faults.hold("response_url");
  player.start("phished-user", "paused");
  player.step();
  await vi.waitFor(() => expect(playing().trouble).toContain("longer than it should"));
  held.release();
  await reaches(1);
  expect(playing().trouble).toBeNull();
});

test("a scenario that is stopped, or gives way to another, is not finished", async () => {
  const { player, playing } = await start();
  player.start("phished-user", "paused");
  const first = player.finished();
  player.start("false-alarm", "paused");
  expect(await first).toBe(false);
  expect(playing().name).toBe("false-alarm");
  const second = player.finished();
  player.stop();
  expect(await second).toBe(false);
  expect(player.state().playing).toBeNull();
});
