import type { Link } from "./chain.ts";

/** Hashes that were noted down elsewhere, and which of them a row was held against so far. */
export interface Anchors {
  /** Holds a row against what was noted down for its number. @returns false when it has another hash. */
  hold(row: Link): boolean;
  /** Those for which no row came by, by number. */
  left(): Link[];
}

/** Of two hashes for the same row both are kept, and one of them will not fit. */
export function createAnchors(noted: readonly Link[] = []): Anchors {
  const bySeq = Map.groupBy(noted, ({ seq }) => seq);
  const compared = new Set<number>();
  return {
    hold({ seq, hash }) {
      const anchors = bySeq.get(seq);
      if (anchors === undefined) return true;
      compared.add(seq);
      return anchors.every((anchor) => anchor.hash === hash);
    },
    left: () => noted.filter(({ seq }) => !compared.has(seq)).toSorted((a, b) => a.seq - b.seq),
  };
}
