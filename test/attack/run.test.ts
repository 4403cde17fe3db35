import { describe, expect, it } from "vitest";

import { control, fell, held, type Attack } from "../../scripts/attack/attack.ts";
import { runAttacks } from "../../scripts/attack/run.ts";
import type { Targets } from "../../scripts/attack/targets.ts";

/** Bots that nobody asks for, but for who died of an attack. */
function noTargets(deaths: string[] = []): Targets {
  const none = (): Promise<never> => Promise.reject(new Error("no bot"));
  const targets: Targets = {
    dialect: "sqlite",
    shared: none,
    start: none,
    prepare: none,
    forAttack: () => ({ own: targets, deaths: () => deaths, done: () => Promise.resolve() }),
    close: () => Promise.resolve(),
  };
  return targets;
}

function attack(name: string, run: Attack["run"], more: Partial<Attack> = {}): Attack {
  return { item: "a test", name, claim: "something holds", run, ...more };
}

const holds = attack("holds", () => Promise.resolve(held("it was refused")));
const falls = attack("falls", () => Promise.resolve(fell("it was\ncarried out")));
const uncontrolled = attack("uncontrolled", () => {
  control(false, "the same signed well is refused too");
  return Promise.resolve(held("never"));
});

async function run(attacks: Attack[], args: string[] = [], targets = noTargets()) {
  const lines: string[] = [];
  const code = await runAttacks(
    attacks,
    args,
    (line) => void lines.push(line),
    () => targets,
  );
  return { code, lines, text: lines.join("\n") };
}

describe("npm run attack", () => {
  it("exits with 0 when everything held, and counts it in its last line", async () => {
    const { code, lines } = await run([holds]);
    expect(lines).toEqual(["a test  holds  held       it was refused", "1 held, 0 fell, 0 not tried"]);
    expect(code).toBe(0);
  });

  it("exits with 1 when an attack fell, with one line of evidence", async () => {
    const { code, text } = await run([holds, falls, uncontrolled]);
    expect(text).toMatch(/falls +fell +it was carried out$/m);
    expect(text).toContain("1 held, 1 fell, 1 not tried");
    expect(code).toBe(1);
  });

  it("counts an attack whose control failed as not tried, never as held", async () => {
    const { code, text } = await run([holds, uncontrolled]);
    expect(text).toMatch(/not tried +its control failed: the same signed well is refused too/);
    expect(text).toContain("1 held, 0 fell, 1 not tried");
    expect(code).toBe(2);
  });

  it("counts an attack that has no outcome in its time as not tried", async () => {
    const endless = attack("endless", () => new Promise<never>(() => {}), { timeoutMs: 20 });
    const { code, text } = await run([endless]);
    expect(text).toMatch(/not tried +no outcome in/);
    expect(code).toBe(2);
  });

  it("says that a bot that died fell, whatever the attack itself saw", async () => {
    const { code, text } = await run([holds], [], noTargets(["the process ended (exit code 1): boom"]));
    expect(text).toMatch(/fell +the process ended \(exit code 1\): boom; it was refused/);
    expect(code).toBe(1);
  });

  it("makes only the attacks that are named, by their name or by what they are aimed at", async () => {
    const other = { ...falls, item: "another" };
    expect((await run([holds, other], ["--only", "holds"])).code).toBe(0);
    expect((await run([holds, other], ["--only", "another"])).code).toBe(1);
    expect((await run([holds, other], ["--only", "another", "--only", "holds"])).lines).toHaveLength(3);
  });

  it("names the attacks that exist when one is asked for that does not", async () => {
    const { code, text } = await run([holds, falls], ["--only", "hold"]);
    expect(text).toContain("There is no attack hold. There are:");
    expect(text).toMatch(/^a test {2}holds +something holds$/m);
    expect(code).toBe(2);
  });

  it("lists what there is without making any of it", async () => {
    const { code, lines } = await run([holds, falls], ["--list"]);
    expect(lines).toEqual(["a test  holds  something holds", "a test  falls  something holds"]);
    expect(code).toBe(0);
  });

  it("tells how it goes when it is typed wrongly", async () => {
    const { code, text } = await run([holds], ["--onyl"]);
    expect(text).toContain("--onyl");
    expect(text).toContain("npm run attack -- [--only NAME]");
    expect(code).toBe(2);
  });
});
