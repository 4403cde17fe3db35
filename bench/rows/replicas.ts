import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

import { type BotProcess, spawnProcess } from "../../sandbox/bot-process.ts";
import { PEOPLE } from "../../sandbox/workspace.ts";
import { openWorld, type World } from "../../sandbox/world.ts";
import { CARD_ACTIONS } from "../../src/views/card/approvals.ts";
import { buildBot } from "../build.ts";
import { withDatabase } from "../database.ts";
import { notMeasured } from "../line.ts";
import { repeat } from "../load.ts";
import { addPeople, askToRevoke, press, typed, untilCard } from "../people.ts";
import type { Line, Row, Setting } from "../row.ts";

const REPLICAS = [1, 2, 4];
/** At once: more than one replica needs to have always something to do. */
const COMMANDS_AT_ONCE = 32;
const REQUESTS_AT_ONCE = 8;
/** Figures of a machine that does other things as well differ by as much from run to run. */
const TOLERANCE = 0.95;
/** Of Linux: in which /proc counts. */
const TICKS_A_SECOND = 100;

interface Rate {
  /** A second. */
  wall: number;
  /** A second of a processor that the replicas had; null where the system does not tell it. */
  cpu: number | null;
  /** What Slack had not heard of within three seconds; it was done all the same. */
  late: number;
}

/**
 * So many replicas on one PostgreSQL, Slack giving each its turn: look-ups of the open requests, which read the database
 * alone, and requests that are made, approved, carried out and verified. Cloudflare answers at once.
 */
export const replicas: Row = {
  name: "replicas",
  title: "1, 2 and 4 replicas on one PostgreSQL",
  beside: "one replica",
  async run(setting): Promise<Line[]> {
    const { postgres, folder, log } = setting;
    if (postgres === null) return [notMeasured("throughput", "no PostgreSQL server was given: --database")];
    const main = await buildBot(folder);
    const measured: { count: number; commands: Rate; requests: Rate }[] = [];
    for (const count of REPLICAS) {
      measured.push({
        count,
        ...(await withDatabase(postgres, (url) => measure(main, url, count, setting))),
      });
      log(`${count} measured`);
    }
    const [one, ...more] = measured;
    if (one === undefined) return [];
    return more.flatMap(({ count, commands, requests }) => [
      compareRates(`/zt requests answered, ${count} replicas`, commands, one.commands),
      compareRates(`requests made, approved and verified, ${count} replicas`, requests, one.requests),
    ]);
  },
};

function compareRates(what: string, ours: Rate, beside: Rate): Line {
  const ratio = ours.wall / beside.wall;
  const ofCpu = (rate: Rate): string => (rate.cpu === null ? "unknown" : rate.cpu.toFixed(1));
  return {
    what,
    ours: `${ours.wall.toFixed(1)} a second`,
    beside: `${beside.wall.toFixed(1)} a second`,
    ratio,
    goal: `does not fall: ≥ ${TOLERANCE}×`,
    met: ratio >= TOLERANCE,
    note: `${ours.late} acknowledged late; for each second of processor time of the replicas: ${ofCpu(ours)} beside ${ofCpu(beside)}; ${availableParallelism()} cores for replicas, PostgreSQL, Slack and Cloudflare together`,
  };
}

async function measure(
  main: string,
  databaseUrl: string,
  count: number,
  { isQuick, runs }: Setting,
): Promise<{ commands: Rate; requests: Rate }> {
  const world = await openWorld({ databaseUrl, rateLimit: { requests: 10_000_000, windowMs: 300_000 } });
  world.env["CLOUDFLARE_RATE_BUDGET"] = "900000/300s";
  const bots: BotProcess[] = [];
  try {
    for (let index = 0; index < count; index += 1) {
      const bot = spawnProcess(world.env, world.folder, main);
      bots.push(bot);
      await bot.logged("ready");
    }
    const requests = isQuick ? 8 : 10 * Math.min(runs, 30);
    const commands = 10 * requests;
    const emails = addPeople(world, requests + 2 * count);
    // Before it is measured, each has done everything a few times.
    await decide(world, emails.slice(requests));
    await lookUp(world, count * 10);
    return {
      commands: await rateOf(bots, commands, () => lookUp(world, commands)),
      requests: await rateOf(bots, requests, () => decide(world, emails.slice(0, requests))),
    };
  } finally {
    await Promise.all(bots.map((bot) => bot.kill()));
    await world.close();
  }
}

/** Sends so many commands and waits until each has its answer. @returns how many were acknowledged late */
async function lookUp(world: World, count: number): Promise<number> {
  const { slack } = world;
  const before = slack.ephemerals(PEOPLE.alice).length;
  let late = 0;
  await repeat(count, COMMANDS_AT_ONCE, async () => {
    if (!(await typed(world, "requests"))) late += 1;
  });
  await slack.waitFor(() => slack.ephemerals(PEOPLE.alice).length >= before + count, 60_000);
  return late;
}

/** A request about each, approved by bob and seen to its end. @returns how many clicks were acknowledged late */
async function decide(world: World, emails: readonly string[]): Promise<number> {
  let late = 0;
  await repeat(emails.length, REQUESTS_AT_ONCE, async (index) => {
    const card = await askToRevoke(world, emails[index] ?? "");
    if (!(await press(world, card, CARD_ACTIONS.approve))) late += 1;
    await untilCard(world, card, ", verified at");
  });
  return late;
}

async function rateOf(bots: readonly BotProcess[], count: number, act: () => Promise<number>): Promise<Rate> {
  const [startedAt, before] = [performance.now(), cpuSeconds(bots)];
  const late = await act();
  const [seconds, after] = [(performance.now() - startedAt) / 1000, cpuSeconds(bots)];
  const cpu = before === null || after === null ? null : count / (after - before);
  return { wall: count / seconds, cpu, late };
}

/** Processor time of all of them so far; null where there is no /proc. */
function cpuSeconds(bots: readonly BotProcess[]): number | null {
  try {
    const ticks = bots.map(({ pid }) => {
      // After the name of the program, which may hold anything.
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
        .replace(/^.*\) /s, "")
        .split(" ");
      return Number(fields[11]) + Number(fields[12]);
    });
    return ticks.reduce((sum, one) => sum + one, 0) / TICKS_A_SECOND;
  } catch {
    return null;
  }
}
