import { parseArgs } from "node:util";

import PQueue from "p-queue";

import { NotTried, type Attack, type Outcome } from "./attack.ts";
import { createTargets, type Deaths, type Targets } from "./targets.ts";

const USAGE = `npm run attack -- [--only NAME]… [--database URL] [--list]

  Attacks a sandbox bot in every way that is known, and says of each whether it held or fell.

  --only NAME      this attack, or all on this item; may be repeated
  --database URL   of a PostgreSQL server: each bot gets a database of its own there, which is dropped afterwards.
                   SQLite files in a temporary folder by default
  --list           only says which attacks there are

Exit codes: 0 all held, 1 at least one fell, 2 at least one could not be tried.
`;

const FELL = 1;
const NOT_TRIED = 2;

/** How many attacks with a bot of their own are made at once. */
const ISOLATED = 3;
const TIMEOUT_MS = 60_000;

interface Report {
  verdict: "held" | "fell" | "not tried";
  evidence: string;
}

/**
 * Runs attacks as they were asked for on the command line, and says what came of each.
 * @param open where the bots come from; real ones by default.
 * @returns the exit code.
 */
export async function runAttacks(
  attacks: readonly Attack[],
  args: readonly string[],
  say: (line: string) => void,
  open: (database: string | null) => Targets = createTargets,
): Promise<number> {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        only: { type: "string", multiple: true, default: [] },
        database: { type: "string" },
        list: { type: "boolean", default: false },
      },
    }));
  } catch (error) {
    say(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return NOT_TRIED;
  }
  const unknown = values.only.filter((name) => !attacks.some((attack) => isMeant(attack, [name])));
  if (unknown.length > 0) {
    say(`There is no attack ${unknown.join(", ")}. There are:\n`);
    list(attacks, say);
    return NOT_TRIED;
  }
  const chosen = values.only.length === 0 ? attacks : attacks.filter((one) => isMeant(one, values.only));
  if (values.list) {
    list(chosen, say);
    return 0;
  }
  const targets = open(values.database ?? null);
  try {
    return await runAll(chosen, targets, say);
  } finally {
    await targets.close();
  }
}

function isMeant({ name, item }: Attack, only: readonly string[]): boolean {
  return only.includes(name) || only.includes(item);
}

function list(attacks: readonly Attack[], say: (line: string) => void): void {
  for (const attack of attacks) say(`${row(attacks, attack)}  ${attack.claim}`);
}

function row(attacks: readonly Attack[], { item, name }: Attack): string {
  const width = (of: "item" | "name"): number => Math.max(...attacks.map((attack) => attack[of].length));
  return `${item.padEnd(width("item"))}  ${name.padEnd(width("name"))}`;
}

async function runAll(
  attacks: readonly Attack[],
  targets: Targets,
  say: (line: string) => void,
): Promise<number> {
  const counts = { held: 0, fell: 0, "not tried": 0 };
  const lanes = { shared: new PQueue({ concurrency: 1 }), isolated: new PQueue({ concurrency: ISOLATED }) };
  const make = async (attack: Attack): Promise<void> => {
    const { verdict, evidence } = await attempt(attack, targets);
    counts[verdict] += 1;
    say(`${row(attacks, attack)}  ${verdict.padEnd(9)}  ${oneLine(evidence)}`);
  };
  await Promise.all(
    attacks.map((attack) => lanes[attack.isolated === true ? "isolated" : "shared"].add(() => make(attack))),
  );
  say(`${counts.held} held, ${counts.fell} fell, ${counts["not tried"]} not tried`);
  return counts.fell > 0 ? FELL : counts["not tried"] > 0 ? NOT_TRIED : 0;
}

/** A bot that ended by itself fell, whatever else was seen; what has no outcome in time was not tried. */
async function attempt(attack: Attack, targets: Targets): Promise<Report> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timeoutMs = attack.timeoutMs ?? TIMEOUT_MS;
  const timer = setTimeout(
    () => reject(new NotTried(`no outcome in ${Math.round(timeoutMs / 1000)} s`)),
    timeoutMs,
  );
  const { own, deaths, done } = targets.forAttack();
  const report = await Promise.race([startAttack(attack, own), late]).then(
    ({ held, evidence }): Report => ({ verdict: held ? "held" : "fell", evidence }),
    (error: unknown): Report => ({ verdict: "not tried", evidence: explain(error) }),
  );
  clearTimeout(timer);
  const died = await firstDeath(deaths);
  await done();
  return died === null ? report : { verdict: "fell", evidence: `${died}; ${report.evidence}` };
}

async function startAttack(attack: Attack, targets: Targets): Promise<Outcome> {
  return attack.run(targets);
}

async function firstDeath(deaths: Deaths): Promise<string | null> {
  // The exit of a process that has just ended comes with a later turn of the event loop.
  await new Promise((resolve) => setTimeout(resolve, 50));
  return deaths()[0] ?? null;
}

function explain(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const MAX_EVIDENCE = 300;

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > MAX_EVIDENCE ? `${line.slice(0, MAX_EVIDENCE - 1)}…` : line;
}
