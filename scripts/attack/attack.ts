import type { Targets } from "./targets.ts";

/** What came of an attack, with one line of what was seen. */
export interface Outcome {
  held: boolean;
  evidence: string;
}

/** One thing that somebody who means harm could try. */
export interface Attack {
  /** What it is aimed at: attacks on the same thing are listed together. */
  item: string;
  /** For `--only`. */
  name: string;
  /** What has to hold. */
  claim: string;
  /** On a bot of its own, beside the others. Without it, one after another on the bot that they share. */
  isolated?: boolean;
  /** 60,000 by default. An attack that takes longer counts as not tried. */
  timeoutMs?: number;
  /** Says what came of it. @throws NotTried, or anything else that kept it from being tried */
  run(targets: Targets): Promise<Outcome>;
}

/** The attack could not be made, or could not have succeeded: nothing is known. */
export class NotTried extends Error {
  override readonly name = "NotTried";
}

/** A defender did what the claim says. */
export function held(evidence: string): Outcome {
  return { held: true, evidence };
}

export function fell(evidence: string): Outcome {
  return { held: false, evidence };
}

/** Held where nothing is wrong; the evidence is what is. */
export function unless(wrong: readonly string[], evidence: string): Outcome {
  return wrong.length === 0 ? held(evidence) : fell(wrong.join("; "));
}

/**
 * The control of an attack: the same without what should stop it, or what it looks for where it has to be found. An
 * attack that can't succeed proves nothing.
 * @throws NotTried
 */
export function control(isAsExpected: boolean, what: string): asserts isAsExpected {
  if (!isAsExpected) throw new NotTried(`its control failed: ${what}`);
}
