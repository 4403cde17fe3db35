import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

import { buildBot, buildPeer } from "../build.ts";
import { startEmulators, type Emulators } from "../emulators.ts";
import { compare, inTime } from "../line.ts";
import { createHttpSender, createSocketSender, repeat, type Sender } from "../load.ts";
import { startMeasured } from "../measured-process.ts";
import { monotonicMs } from "../monotonic.ts";
import { createTimes, type Times } from "../percentiles.ts";
import type { Line, Row } from "../row.ts";

const MODES = { http: "HTTP", socket: "Socket Mode" } as const;
type Mode = keyof typeof MODES;

/** The bot asks Slack for the person, writes the request down and answers; of Cloudflare it asks nothing. */
const TYPED = "help";

const TOGETHER = 32;
/** The time of one alone, and that of so many together, from the beginning of one to that of the next. */
const ALONE_EVERY_MS = 20;
const TOGETHER_EVERY_MS = 250;

interface Sizes {
  /** Commands before anything is measured: code is compiled, connections are opened. */
  warmUp: number;
  alone: number;
  /** Times 32. */
  bursts: number;
  sustained: number;
}

const FULL: Sizes = { warmUp: 2000, alone: 1000, bursts: 60, sustained: 4000 };
const QUICK: Sizes = { warmUp: 50, alone: 40, bursts: 3, sustained: 200 };

interface Measured {
  alone: Times;
  together: Times;
  /** 32 at a time all along: each next one at the acknowledgement of one before. */
  sustained: { times: Times; perSecond: number };
}

export const ack: Row = {
  name: "ack",
  title: "from a command to its acknowledgement",
  beside: "a bare Bolt app that only acknowledges",
  async run({ isQuick, folder, log }): Promise<Line[]> {
    const [bot, peer] = [await buildBot(folder), await buildPeer("bare-bolt", folder)];
    const sizes = isQuick ? QUICK : FULL;
    const lines: Line[] = [];
    for (const mode of ["http", "socket"] as const) {
      const ours = await measure(bot, { mode, sizes, folder, isAnswered: true });
      const theirs = await measure(peer, { mode, sizes, folder, isAnswered: false });
      log(MODES[mode]);
      lines.push(
        ...comparePercentiles(`${MODES[mode]}, one each ${ALONE_EVERY_MS} ms`, ours.alone, theirs.alone),
        ...comparePercentiles(
          `${MODES[mode]}, ${TOGETHER} at the same moment each ${TOGETHER_EVERY_MS} ms`,
          ours.together,
          theirs.together,
        ),
        ...comparePercentiles(
          `${MODES[mode]}, ${TOGETHER} all the time`,
          ours.sustained.times,
          theirs.sustained.times,
        ),
        compare(
          `${MODES[mode]}, ${TOGETHER} all the time, acknowledged a second`,
          [ours.sustained.perSecond, theirs.sustained.perSecond],
          (value) => value.toFixed(0),
          { atLeast: 0.5 },
        ),
      );
    }
    return lines;
  },
};

function comparePercentiles(what: string, ours: Times, theirs: Times): Line[] {
  return [
    compare(`${what}, p50`, [ours.percentile(50), theirs.percentile(50)], inTime, { atMost: 1.2 }),
    compare(`${what}, p99`, [ours.percentile(99), theirs.percentile(99)], inTime, { atMost: 1.3 }),
  ];
}

async function measure(
  main: string,
  { mode, sizes, folder, isAnswered }: { mode: Mode; sizes: Sizes; folder: string; isAnswered: boolean },
): Promise<Measured> {
  const socket = mode === "socket" ? await createSocketSender() : null;
  const emulators = await startEmulators({
    mode,
    ...(socket !== null && { slack: { socketUrl: socket.url } }),
  });
  const started = await startMeasured(main, emulators.env, { cwd: folder });
  const sender = socket ?? createHttpSender(started.url);
  const prepare = (count: number) => prepareAll(sender, emulators, { count, isAnswered });
  try {
    await socket?.connected;
    const warmUp = prepare(sizes.warmUp);
    await sustain(warmUp.sends);
    // What was acknowledged is still being answered, and has nothing to do with what comes next.
    await warmUp.answered;
    const first = prepare(sizes.alone);
    const alone = await sendEach(ALONE_EVERY_MS, first.sends, 1);
    await first.answered;
    const second = prepare(sizes.bursts * TOGETHER);
    const together = await sendEach(TOGETHER_EVERY_MS, second.sends, TOGETHER);
    await second.answered;
    const last = prepare(sizes.sustained);
    const { times, ms } = await sustain(last.sends);
    await last.answered;
    return { alone, together, sustained: { times, perSecond: (sizes.sustained / ms) * 1000 } };
  } finally {
    await started.kill();
    sender.close();
    await emulators.close();
  }
}

type Send = () => Promise<void>;

interface Prepared {
  /** Signed before the time begins. */
  sends: Send[];
  /** When each has its answer; at once for a peer, which gives none. */
  answered: Promise<unknown>;
}

function prepareAll(
  sender: Sender,
  emulators: Emulators,
  { count, isAnswered }: { count: number; isAnswered: boolean },
): Prepared {
  const ids = Array.from({ length: count }, () => randomUUID());
  return {
    sends: ids.map((id) => sender.prepare({ text: TYPED, responseUrl: emulators.responseUrl(id) })),
    answered: Promise.all(isAnswered ? ids.map((id) => emulators.answered(id)) : []),
  };
}

function sustain(sends: readonly Send[]): ReturnType<typeof repeat> {
  return repeat(sends.length, TOGETHER, async (index) => sends[index]?.());
}

/** So many at the same moment, the next so many milliseconds after them, and not before they are acknowledged. */
async function sendEach(everyMs: number, sends: readonly Send[], together: number): Promise<Times> {
  const times = createTimes();
  for (let first = 0; first < sends.length; first += together) {
    const next = delay(everyMs);
    await Promise.all(
      sends.slice(first, first + together).map(async (send) => {
        const from = monotonicMs();
        await send();
        times.add(monotonicMs() - from);
      }),
    );
    await next;
  }
  return times;
}
