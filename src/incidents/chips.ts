import {
  findGaps,
  isContained,
  revokedAt,
  type Gap,
  type GapKind,
  type GapRules,
  type PersonFacts,
  type PersonRequest,
  type Said,
} from "./gaps.ts";

/** How someone stands, in a few words each: what an incident's head says of a person. Pure. */
export type Chip =
  | { kind: "back"; since: number }
  | { kind: "waiting" | "in-progress" | "unclear" | "failed"; requestId: string }
  | { kind: "revoked"; at: number }
  /** By the block list, as something enforces it. */
  | { kind: "blocked" }
  | { kind: "open"; gap: OpenGap }
  | { kind: "idp-disabled"; said: Said }
  | { kind: "unknown"; what: readonly GapKind[] };

/** What chips have words for; someone who is back has a chip of their own. */
export type OpenGap = Exclude<Extract<Gap, { is: "open" }>, { kind: "back" }>;

/** The sign before a person's name; see docs/voice.md. */
export type Standing = "back" | "open" | "waiting" | "in-progress" | "unknown" | "contained";

export interface PersonState {
  standing: Standing;
  /** None of their gaps is one that the policy calls required. */
  isContained: boolean;
  /** The most pressing first. */
  chips: Chip[];
  gaps: Gap[];
}

export function stateOfPerson(person: PersonFacts, rules: GapRules): PersonState {
  const { requests, idpDisabled } = person;
  const gaps = findGaps(person, rules);
  const back = gaps.flatMap((gap) => (gap.kind === "back" && gap.is === "open" ? gap.since : []));
  const revoked = revokedAt(requests);
  const newest = requests.filter((one) => one.takesAccess).toSorted((a, b) => b.createdAt - a.createdAt)[0];
  const request = newest === undefined ? null : chipOfRequest(newest);
  const unknown = gaps.filter((gap) => gap.is === "unknown").map(({ kind }) => kind);
  const open = gaps.filter(
    (gap): gap is OpenGap =>
      // Their new session is what makes them back.
      gap.is === "open" && gap.kind !== "back" && !(gap.kind === "sessions" && back.length > 0),
  );
  const isDisabled = idpDisabled !== null && !gaps.some(({ kind }) => kind === "idp");
  const blocked = rules.hasBlockList ? person.seen?.blocked : undefined;
  const isBlocked = blocked !== undefined && "value" in blocked && blocked.value;
  const chips: Chip[] = [
    ...back.map((since): Chip => ({ kind: "back", since })),
    ...(request === null ? [] : [request]),
    ...(revoked === null ? [] : [{ kind: "revoked", at: revoked } as const]),
    ...(isBlocked ? [{ kind: "blocked" } as const] : []),
    ...open.map((gap): Chip => ({ kind: "open", gap })),
    ...(isDisabled ? [{ kind: "idp-disabled", said: idpDisabled } as const] : []),
    ...(unknown.length === 0 ? [] : [{ kind: "unknown", what: unknown } as const]),
  ];
  const standing = standingOf(back.length > 0, request, gaps, rules.required);
  return { standing, isContained: isContained(gaps, rules.required), chips, gaps };
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
