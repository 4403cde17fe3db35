import {
  findGaps,
  isContained,
  revokedAt,
  type Gap,
  type GapKind,
  type PersonRequest,
  type PersonSeen,
} from "./gaps.ts";

/** How someone stands, in a few words each: what an incident's head says of a person. Pure. */
export type Chip =
  | { kind: "back"; since: number }
  | { kind: "waiting" | "in-progress" | "unclear" | "failed"; requestId: string }
  | { kind: "revoked"; at: number }
  | { kind: "open"; gap: Extract<Gap, { is: "open" }> }
  | { kind: "unknown"; what: readonly GapKind[] };

/** The sign before a person's name; see docs/voice.md. */
export type Standing = "back" | "open" | "waiting" | "in-progress" | "unknown" | "contained";

export interface PersonState {
  standing: Standing;
  /** The most pressing first. */
  chips: Chip[];
  gaps: Gap[];
}

/** `requests`: about this person, any order. */
export function stateOfPerson(
  seen: PersonSeen | null,
  requests: readonly PersonRequest[],
  required: readonly GapKind[],
): PersonState {
  const gaps = findGaps(seen, requests);
  const back = gaps.flatMap((gap) =>
    gap.kind === "sessions" && gap.is === "open" ? (gap.backSince ?? []) : [],
  );
  const revoked = revokedAt(requests);
  const newest = requests.filter((one) => one.takesAccess).toSorted((a, b) => b.createdAt - a.createdAt)[0];
  const request = newest === undefined ? null : chipOfRequest(newest);
  const unknown = gaps.filter((gap) => gap.is === "unknown").map(({ kind }) => kind);
  const open = gaps.filter(
    (gap) => gap.is === "open" && !(gap.kind === "sessions" && gap.backSince !== null),
  );
  const chips: Chip[] = [
    ...back.map((since): Chip => ({ kind: "back", since })),
    ...(request === null ? [] : [request]),
    ...(revoked === null ? [] : [{ kind: "revoked", at: revoked } as const]),
    ...open.flatMap((gap): Chip[] => (gap.is === "open" ? [{ kind: "open", gap }] : [])),
    ...(unknown.length === 0 ? [] : [{ kind: "unknown", what: unknown } as const]),
  ];
  return { standing: standingOf(back.length > 0, request, gaps, required), chips, gaps };
}

function standingOf(
  isBack: boolean,
  request: Chip | null,
  gaps: readonly Gap[],
  required: readonly GapKind[],
): Standing {
  if (isBack) return "back";
  if (request?.kind === "waiting") return "waiting";
  if (request?.kind === "in-progress" || request?.kind === "unclear") return "in-progress";
  // Also where the policy does not require it: a check mark is for someone of whom nothing is left.
  if (gaps.some(({ is }) => is === "open")) return "open";
  return isContained(gaps, required) ? "contained" : "unknown";
}

/** What the newest request that takes their access away stands at, while that is news; null: it is over, and done. */
function chipOfRequest({ id: requestId, status, state }: PersonRequest): Chip | null {
  if (status === "pending") return { kind: "waiting", requestId };
  if (state === "done") return null;
  if (state === "failed" || status === "failed") return { kind: "failed", requestId };
  if (status === "unknown") return { kind: "unclear", requestId };
  return status === "approved" || status === "executing" ? { kind: "in-progress", requestId } : null;
}
