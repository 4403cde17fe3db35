import type { Identity } from "../api/cloudflare.ts";

/** What two identities of one person disagree on: pure, so that a table can hold it. */

export type Verdict = "passed" | "failed" | "not checked";

export type Difference =
  | {
      kind: "value";
      what: "country" | "IP" | "IdP" | "device";
      /** "" is none. */
      seen: string;
      inSession: string;
    }
  | { kind: "groups"; added: string[]; removed: string[] }
  | { kind: "posture"; rule: string; seen: Verdict; inSession: Verdict };

/** What is otherwise in a session than in the identity last seen, the most telling first. */
export function diffIdentity(seen: Identity, inSession: Identity): Difference[] {
  return [
    ...diffValue("country", seen.country, inSession.country),
    ...diffValue("IP", seen.ip, inSession.ip),
    ...diffProvider(seen.idp, inSession.idp),
    // That a session has no device ("") is telling; that it is not said is not.
    ...diffValue("device", seen.deviceId, inSession.deviceId),
    ...diffGroups(seen.groups, inSession.groups),
    ...diffPosture(seen.posture, inSession.posture),
  ];
}

function diffValue(
  what: (Difference & { kind: "value" })["what"],
  seen: string | null,
  inSession: string | null,
): Difference[] {
  if (seen === null || inSession === null || seen === inSession) return [];
  return [{ kind: "value", what, seen, inSession }];
}

/** Two providers may be of one type: then their ids tell them apart. */
function diffProvider(seen: Identity["idp"], inSession: Identity["idp"]): Difference[] {
  if (seen === null || inSession === null) return [];
  if (seen.type !== inSession.type || seen.type === null)
    return diffValue("IdP", seen.type ?? seen.id, inSession.type ?? inSession.id);
  return diffValue(
    "IdP",
    seen.id && `${seen.type} ${seen.id}`,
    inSession.id && `${inSession.type} ${inSession.id}`,
  );
}

function diffGroups(seen: Identity["groups"], inSession: Identity["groups"]): Difference[] {
  if (seen === null || inSession === null) return [];
  const added = without(inSession, seen);
  const removed = without(seen, inSession);
  return added.length + removed.length === 0 ? [] : [{ kind: "groups", added, removed }];
}

/** The names of the one list that the other lacks, each once. */
function without(names: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others);
  return [...new Set(names)].filter((name) => !known.has(name));
}

function diffPosture(seen: Identity["posture"], inSession: Identity["posture"]): Difference[] {
  if (seen === null || inSession === null) return [];
  const before = verdicts(seen);
  const after = verdicts(inSession);
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((rule) => {
    const was = before.get(rule) ?? "not checked";
    const is = after.get(rule) ?? "not checked";
    return was === is ? [] : [{ kind: "posture" as const, rule, seen: was, inSession: is }];
  });
}

function verdicts(posture: NonNullable<Identity["posture"]>): Map<string, Verdict> {
  return new Map(
    posture.map((check) => [
      check.name ?? check.id ?? check.type ?? "unnamed rule",
      check.success === null ? "not checked" : check.success ? "passed" : "failed",
    ]),
  );
}
