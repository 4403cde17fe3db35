import { describeFailure as describeCloudflare } from "../../cloudflare-trouble.ts";
import { describeSlackTrouble } from "../../slack-trouble.ts";
import type { Failure, Readings, Value } from "./readings.ts";
import type { Row, Verdict } from "./results.ts";

type Name = keyof Readings;
type Values<Needs extends Name> = { readonly [Need in Needs]: Value<Need> };

/** One line of the table of checks. */
interface CheckOf<Needs extends Name> {
  /** Constant: scripts and alerts go by it. */
  name: string;
  title: string;
  needs: readonly Needs[];
  /** What follows from what was read. Pure. */
  judge(values: Values<Needs>): readonly Verdict[];
  /**
   * What follows from not having read something; null: another check tells of it. Without this function such a check is
   * unknown.
   */
  missed?(failure: Failure, need: Needs): Verdict | null;
}

export interface Check {
  name: string;
  needs: readonly Name[];
  run(readings: Readings): Row[];
}

/** Closes over what a check needs, so that a table can hold all of them. */
export function defineCheck<const Needs extends Name>(check: CheckOf<Needs>): Check {
  const { name, title, needs, judge, missed = unknown } = check;
  const judgeOrMiss = (readings: Readings): readonly Verdict[] => {
    const values: Partial<Record<Name, unknown>> = {};
    for (const need of needs) {
      const reading = readings[need];
      if (!reading.ok) {
        const verdict = missed(reading.failure, need);
        return verdict === null ? [] : [verdict];
      }
      values[need] = reading.value;
    }
    return judge(values as Values<Needs>);
  };
  return {
    name,
    needs,
    run: (readings) => judgeOrMiss(readings).map((verdict) => ({ check: name, title, ...verdict })),
  };
}

function unknown(failure: Failure): Verdict {
  return { status: "unknown", what: `Unknown: ${describeFailure(failure)}` };
}

/** Why something was not read, as the end of a sentence. */
export function describeFailure(failure: Failure): string {
  switch (failure.of) {
    case "slack":
      return describeSlack(failure.code);
    case "cloudflare":
      return describeCloudflare(failure.error).brief;
    case "database":
      return `can't read the database (${failure.why})`;
    case "time":
      return "no answer in time";
    case "settings":
      return "the settings need to be right first";
    case "bug":
      return `zt-bot failed (${failure.why})`;
  }
}

function describeSlack(code: string): string {
  if (isSilence(code)) return "Slack can't be reached";
  if (code === "missing_scope") return "the Slack app lacks a scope";
  const { why, next } = describeSlackTrouble(code);
  return next === null && code !== "ratelimited" ? `Slack answered ${code}` : why;
}

/** Whether no answer of Slack's own came. */
export function isSilence(code: string): boolean {
  return code === "unreachable" || code.startsWith("http_");
}
