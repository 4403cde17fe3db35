import { z } from "zod";

import type { BlockList } from "../../lookup/block-list.ts";
import { UserError } from "../../errors.ts";
import { plural } from "../../pluralize.ts";
import type { PlanWith } from "../define.ts";

/** The list as it stood when it was asked for; what enforces it is part of what is approved. */
export const FrozenList = z.strictObject({
  id: z.string(),
  name: z.string(),
  enforcedBy: z.enum(["gateway", "access", "nothing", "unknown"]),
  /** Names of Gateway rules, a few of them. */
  rules: z.array(z.string()),
});
export type FrozenList = z.infer<typeof FrozenList>;

export const BlockOptions = z.strictObject({
  list: FrozenList,
  /** They are unblocked again so long after it began, milliseconds; absent: only when someone asks for it. */
  forMs: z.int().positive().optional(),
});
export type BlockOptions = z.infer<typeof BlockOptions>;

export type BlockPlan = PlanWith<"block", BlockOptions>;

export interface BlockWish {
  action: "block";
  /** As it was typed: "8h"; absent: without an end. */
  duration?: string | undefined;
}

const MAX_RULES = 3;

export function freezeList({ id, name, enforcedBy, rules }: BlockList): FrozenList {
  return { id, name, enforcedBy, rules: rules.slice(0, MAX_RULES) };
}

/** Whether being on the list blocks anyone, as far as is known. */
export function isEnforced({ enforcedBy }: Pick<FrozenList, "enforcedBy">): boolean {
  return enforcedBy === "gateway" || enforcedBy === "access";
}

const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const MIN_MS = 5 * UNITS.m;
const MAX_MS = 30 * UNITS.d;

/** `30m`, `8h`, `2d` in milliseconds; null for anything else, under 5 minutes and over 30 days. */
export function readFor(typed: string): number | null {
  const [, count = "", unit = ""] = /^([1-9]\d{0,4})\s*(m|min|h|d)$/i.exec(typed.trim()) ?? [];
  const ms = Number(count) * (UNITS[(unit[0] ?? "").toLowerCase() as keyof typeof UNITS] ?? Number.NaN);
  return ms >= MIN_MS && ms <= MAX_MS ? ms : null;
}

/** The same. @throws UserError for what can't be read */
export function parseFor(typed: string): number {
  const ms = readFor(typed);
  if (ms !== null) return ms;
  throw new UserError({
    what: `Can't read "${typed}" as how long to block.`,
    next: "Try --for 30m, 8h or 2d: from 5 minutes to 30 days. Leave it out to block until someone unblocks.",
  });
}

/** `8 hours`, `90 minutes`, `2 days`: exactly what was asked for. */
export function forText(ms: number): string {
  if (ms % UNITS.d === 0) return plural(ms / UNITS.d, "day");
  if (ms % UNITS.h === 0) return plural(ms / UNITS.h, "hour");
  return plural(Math.round(ms / UNITS.m), "minute");
}
