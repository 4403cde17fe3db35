import { Cloudflare } from "cloudflare";

import { ACCOUNT_ID, CLOUDFLARE_TOKEN } from "../../sandbox/workspace.ts";
import { buildBot } from "../build.ts";
import { startEmulators, type Emulators } from "../emulators.ts";
import type { CloudflareCall } from "../emulators-process.ts";
import { compare, inTime } from "../line.ts";
import { createHttpSender, type Sender } from "../load.ts";
import { startMeasured } from "../measured-process.ts";
import { monotonicMs } from "../monotonic.ts";
import { createTimes } from "../percentiles.ts";
import type { Line, Row } from "../row.ts";

const LATENCY = { kind: "latency", ms: 100, jitterMs: 30 };
/** Someone with sessions, devices, failed sign-ins and a risk score: of nobody more is read. */
const TYPED = "user mallory@example.com";
/** Not counted: code is compiled, connections are opened, what does not change is remembered. */
const WARM_UP = 3;

export const lookUp: Row = {
  name: "look-up",
  title: "from `/zt user` to its answer in Slack, with Cloudflare at 100 ± 30 ms a call",
  beside:
    "the longest chain of its calls to Cloudflare in which each waits for the one before, and Cloudflare’s own package `cloudflare` that reads the same things one after another",
  async run({ runs, isQuick, folder }): Promise<Line[]> {
    const bot = await buildBot(folder);
    const emulators = await startEmulators({
      mode: "http",
      rateLimit: { requests: 1_000_000, windowMs: 300_000 },
    });
    const env = { ...emulators.env, CLOUDFLARE_RATE_BUDGET: "900000/300s" };
    const started = await startMeasured(bot, env, { cwd: folder });
    const sender = createHttpSender(started.url);
    const [ours, chain, ofPackage] = [createTimes(), createTimes(), createTimes()];
    try {
      await slowDown(emulators);
      const measured = isQuick ? 3 : runs * 2;
      for (let run = 0; run < WARM_UP + measured; run += 1) {
        await emulators.calls();
        const took = await ask(sender, emulators, String(run));
        const calls = await emulators.calls();
        const packageTook = await readOneByOne(emulators, calls);
        if (run < WARM_UP) continue;
        ours.add(took);
        chain.add(longestChain(calls));
        ofPackage.add(packageTook);
      }
    } finally {
      await started.kill();
      sender.close();
      await emulators.close();
    }
    const beside = (percent: number, of: typeof chain) =>
      [ours.percentile(percent), of.percentile(percent)] as const;
    return [
      compare("p50, beside the longest chain of calls", beside(50, chain), inTime, { atMost: 1.1 }),
      compare("p95, beside the longest chain of calls", beside(95, chain), inTime, { atMost: 1.25 }),
      timesFaster(compare("p50, beside the package `cloudflare`", beside(50, ofPackage), inTime, null)),
    ];
  },
};

/** "3.1× faster" is a ratio of less than a third. */
function timesFaster(line: Line): Line {
  return { ...line, goal: "≥ 2.5× faster: ≤ 0.40×", met: line.ratio !== null && line.ratio <= 1 / 2.5 };
}

async function slowDown({ cloudflareUrl }: Emulators): Promise<void> {
  const answer = await fetch(`${cloudflareUrl}/sandbox/faults`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ route: "*", fault: LATENCY }),
  });
  if (!answer.ok) throw new Error(`Cloudflare could not be slowed down: ${await answer.text()}`);
}

/** Milliseconds from sending the command to the arrival of the answer. */
async function ask(sender: Sender, emulators: Emulators, id: string): Promise<number> {
  const send = sender.prepare({ text: TYPED, responseUrl: emulators.responseUrl(id) });
  const answered = emulators.answered(id);
  const from = monotonicMs();
  const [at] = await Promise.all([answered, send()]);
  return at - from;
}

/** The most milliseconds that calls took of which each began after the end of the one before. */
function longestChain(calls: readonly CloudflareCall[]): number {
  const chains: { end: number; ms: number }[] = [];
  for (const { from, to } of calls.toSorted((a, b) => a.from - b.from)) {
    const before = chains.filter(({ end }) => end <= from).map(({ ms }) => ms);
    chains.push({ end: to, ms: Math.max(0, ...before) + to - from });
  }
  return Math.max(0, ...chains.map(({ ms }) => ms));
}

/** Milliseconds that the package takes for the same calls. */
async function readOneByOne(
  { env, cloudflareUrl }: Emulators,
  calls: readonly CloudflareCall[],
): Promise<number> {
  const client = new Cloudflare({
    apiToken: CLOUDFLARE_TOKEN,
    baseURL: env["CLOUDFLARE_BASE_URL"] ?? cloudflareUrl,
    maxRetries: 0,
  });
  const from = monotonicMs();
  for (const { detail } of calls) await client.get(`/accounts/${ACCOUNT_ID}${detail}`);
  return monotonicMs() - from;
}
