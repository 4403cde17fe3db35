import { setTimeout as delay } from "node:timers/promises";

import { buildBot, buildPeer } from "../build.ts";
import { startEmulators, type Emulators } from "../emulators.ts";
import { compare, inMegabytes, inTime } from "../line.ts";
import { createHttpSender, repeat } from "../load.ts";
import { startMeasured, type MeasuredProcess } from "../measured-process.ts";
import { createTimes } from "../percentiles.ts";
import type { Line, Row } from "../row.ts";

/** What was just started is doing more than waiting: its memory is looked at after so long. */
const SETTLED_MS = 2000;
/** No one types more at once. */
const AT_ONCE = 8;
/** What people look up, one after the other. */
const TYPED = [
  "help",
  "user mallory@example.com",
  "requests",
  "sessions mallory@example.com",
  "devices mallory@example.com",
];

/**
 * What is held after a garbage collection may grow by this share of it over the second half of the commands: the bot
 * keeps the signature of each request for ten minutes, so that nobody can send it again, and both are below a kilobyte.
 */
const GROWTH = 1.03;

export const start: Row = {
  name: "start",
  title: "from start to ready, and memory",
  beside: "a bare Bolt app that only acknowledges, bundled in the same way",
  async run({ runs, isQuick, folder, log }): Promise<Line[]> {
    const [bot, peer] = [await buildBot(folder), await buildPeer("bare-bolt", folder)];
    const emulators = await startEmulators({
      mode: "http",
      rateLimit: { requests: 1_000_000, windowMs: 300_000 },
    });
    const env = { ...emulators.env, CLOUDFLARE_RATE_BUDGET: "900000/300s", LOG_LEVEL: "info" };
    try {
      const starts = isQuick ? 2 : runs;
      const ours = await measureStarts(bot, env, starts, folder);
      const theirs = await measureStarts(peer, env, starts, folder);
      log(`${starts} starts each`);
      const commands = isQuick ? 400 : 10_000;
      const used = await measureUse(bot, env, { emulators, commands, folder, isAnswered: true });
      log(`${commands} commands answered`);
      const peerUsed = await measureUse(peer, env, { emulators, commands, folder, isAnswered: false });
      return [
        compare("start to ready, p50", [ours.ready, theirs.ready], inTime, { atMost: 2 }),
        compare("memory (RSS) two seconds after ready, p50", [ours.resident, theirs.resident], inMegabytes, {
          atMost: 1.5,
        }),
        compare(
          `memory (RSS) after ${commands.toLocaleString("en")} commands`,
          [used.resident, peerUsed.resident],
          inMegabytes,
          { atMost: 1.5 },
        ),
        {
          ...compare(
            `held after a garbage collection, after ${commands.toLocaleString("en")} commands and after half of them`,
            [used.held, used.heldHalfway],
            inMegabytes,
            null,
          ),
          goal: `no growth: ≤ ${GROWTH}×`,
          met: used.held / used.heldHalfway <= GROWTH,
        },
      ];
    } finally {
      await emulators.close();
    }
  },
};

/** The first start, which makes the database, is not counted. @returns medians */
async function measureStarts(
  main: string,
  env: Record<string, string>,
  runs: number,
  cwd: string,
): Promise<{ ready: number; resident: number }> {
  const ready = createTimes();
  const resident = createTimes();
  for (let run = 0; run <= runs; run += 1) {
    const started = await startMeasured(main, env, { cwd });
    try {
      if (run === 0) continue;
      ready.add(started.readyMs);
      await delay(SETTLED_MS);
      resident.add(started.residentBytes() / 1024);
    } finally {
      await started.process.stop();
    }
  }
  return { ready: ready.percentile(50), resident: resident.percentile(50) * 1024 };
}

/** Half of the commands, a look at what is held, the other half, another look. */
async function measureUse(
  main: string,
  env: Record<string, string>,
  options: { emulators: Emulators; commands: number; folder: string; isAnswered: boolean },
): Promise<{ resident: number; held: number; heldHalfway: number }> {
  const used = await startMeasured(main, env, { cwd: options.folder, hasProbe: true });
  try {
    await useIt(used, options, "first");
    const heldHalfway = await used.heldBytes();
    await useIt(used, options, "second");
    const resident = used.residentBytes();
    return { resident, held: await used.heldBytes(), heldHalfway };
  } finally {
    await used.process.stop();
  }
}

async function useIt(
  used: MeasuredProcess,
  { emulators, commands, isAnswered }: { emulators: Emulators; commands: number; isAnswered: boolean },
  half: string,
): Promise<void> {
  const sender = createHttpSender(used.url);
  await repeat(Math.floor(commands / 2), AT_ONCE, async (index) => {
    const id = `${half}-${index}`;
    const answer = isAnswered ? emulators.answered(id) : Promise.resolve();
    const send = sender.prepare({
      text: TYPED[index % TYPED.length] ?? "help",
      responseUrl: emulators.responseUrl(id),
    });
    await Promise.all([send(), answer]);
  });
  sender.close();
}
