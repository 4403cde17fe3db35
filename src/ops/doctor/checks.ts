import type { Check } from "./check.ts";
import { CLOUDFLARE_CHECKS } from "./cloudflare-checks.ts";
import { DATABASE_CHECKS } from "./database-checks.ts";
import { MACHINE_CHECKS } from "./machine-checks.ts";
import { POLICY_CHECKS } from "./policy-checks.ts";
import type { Readings } from "./readings.ts";
import { type Report, toReport } from "./results.ts";
import { SLACK_CHECKS } from "./slack-checks.ts";

/** Every check. A new one is a line in one of these tables, and what it needs is read in doctor.ts. */
const CHECKS: readonly Check[] = [
  ...MACHINE_CHECKS,
  ...SLACK_CHECKS,
  ...POLICY_CHECKS,
  ...CLOUDFLARE_CHECKS,
  ...DATABASE_CHECKS,
];

/** What follows from what was read. Pure. */
export function judge(readings: Readings): Report {
  return toReport(CHECKS.flatMap((check) => check.run(readings)));
}
