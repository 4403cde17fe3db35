/** What a check found. Plain text: the view escapes it. */
export type Verdict =
  | { status: "ok"; what: string }
  /** `fix`: one step, as a sentence without its period. `link`: a page, or a file of this project. */
  | { status: "problem"; what: string; fix: string; link: string }
  /** It could be read, and was not this time. */
  | { status: "unknown"; what: string }
  /** No call tells it: where to look instead. */
  | { status: "unasked"; what: string; link?: string };

export type Status = Verdict["status"];

/** A verdict with the check that it is of. `check` is constant: scripts and alerts may go by it. */
export type Row = Verdict & { check: string; title: string };

export interface Report {
  /** Problems first, then what is unknown, then the rest; each in the order of the checks. */
  rows: readonly Row[];
  counts: Readonly<Record<Status, number>>;
}

const ORDER: readonly Status[] = ["problem", "unknown", "unasked", "ok"];

export function toReport(rows: readonly Row[]): Report {
  const byStatus = Object.groupBy(rows, ({ status }) => status);
  const count = (status: Status): number => byStatus[status]?.length ?? 0;
  return {
    rows: ORDER.flatMap((status) => byStatus[status] ?? []),
    counts: {
      problem: count("problem"),
      unknown: count("unknown"),
      unasked: count("unasked"),
      ok: count("ok"),
    },
  };
}

/** 0 all well, 1 something is wrong, 2 something could not be asked. What no call tells is neither. */
export function exitCodeOf({ counts }: Report): 0 | 1 | 2 {
  if (counts.problem > 0) return 1;
  return counts.unknown > 0 ? 2 : 0;
}

const SIGNS: Readonly<Record<Status, string>> = { problem: "❌", unknown: "⚪", unasked: "⚪", ok: "✅" };

export function signOf({ status }: Pick<Row, "status">): string {
  return SIGNS[status];
}
