import { auditContextOf } from "../../approvals/audit-context.ts";
import type { Asker, Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { readFacts, type IncidentFacts } from "../../incidents/facts.ts";
import { gapRulesOf } from "../../incidents/rules.ts";
import { changeIncident, isOpen, type IncidentChange } from "../../incidents/change.ts";
import type { Incident, Severity } from "../../incidents/incident.ts";
import { refreshIncident, refreshLater } from "../../incidents/people.ts";
import { readIncident, readPeople } from "../../incidents/queries.ts";
import { isMember } from "../../slack/membership.ts";
import { authoriseIncident } from "./access.ts";

/** Who changes an incident, and which. */
export interface ChangeOf {
  deps: Deps;
  asker: Asker;
  id: string;
}

/** Gives it an owner, who has to belong to the workspace. @throws UserError */
export async function assign(of: ChangeOf, owner: string): Promise<Incident> {
  await authoriseIncident(of, "operator");
  const { deps, asker } = of;
  const person = await deps.directory.person(owner);
  if (
    person === null ||
    person.isBot ||
    person.isDeactivated ||
    person.isGuest ||
    !isMember(person, deps.homeTeamId)
  )
    throw new UserError({
      what: "They can't own an incident.",
      why: "Only members of this workspace can.",
      next: "Name someone else.",
    });
  const incident = await current(of);
  if (incident.owner === owner) return incident;
  return apply(of, "incident.assigned", {
    set: { owner },
    data: { owner, before: incident.owner },
    entry: { owner },
    where: (eb) =>
      eb.and([
        isOpen(eb),
        incident.owner === null ? eb("owner", "is", null) : eb("owner", "=", incident.owner),
      ]),
    key: `assigned:${asker.userId}:${deps.now()}`,
  });
}

/** @throws UserError */
export async function setSeverity(of: ChangeOf, severity: Severity): Promise<Incident> {
  await authoriseIncident(of, "operator");
  const incident = await current(of);
  if (incident.severity === severity) return incident;
  return apply(of, "incident.severity", {
    set: { severity },
    data: { severity, before: incident.severity },
    entry: { severity },
    where: (eb) => eb.and([isOpen(eb), eb("severity", "=", incident.severity)]),
    key: `severity:${of.deps.now()}`,
  });
}

/** @throws UserError when it is open. */
export async function reopen(of: ChangeOf): Promise<Incident> {
  await authoriseIncident(of, "operator");
  const { deps, id } = of;
  const incident = await exists(of);
  if (incident.status === "open") throw new UserError({ what: `${id} is open.` });
  const at = deps.now();
  const opened = await change(of, "incident.reopened", {
    at,
    set: { status: "open", closed_by: null, closed_at: null },
    where: (eb) => eb("status", "=", "closed"),
    key: `reopened:${at}`,
  });
  await refresh(of);
  return opened ?? exists(of);
}

/** Nobody is read again sooner: a button that is pressed again and again costs little of Cloudflare's limit. */
const FRESH_MS = 3000;

/** Has everyone read again, in the background: at once, or where that was done just now, a moment later. */
export async function refresh({ deps, id }: ChangeOf): Promise<void> {
  const at = deps.now();
  const people = await readPeople(deps.db, id);
  const newest = Math.max(...people.map(({ seen }) => seen?.readAt ?? 0), 0);
  if (newest <= at - FRESH_MS) {
    await refreshIncident(deps.db, id, at);
    deps.engine.lookAtIncident(id);
    return;
  }
  const ids = people.map(({ target }) => target.id);
  await refreshLater(deps.db, id, ids, newest + FRESH_MS);
}

/** @throws UserError when there is no such incident. */
export async function factsOf(deps: Deps, id: string): Promise<IncidentFacts> {
  const facts = await readFacts(deps.db, id, gapRulesOf(deps.policy.current()));
  if (facts === null) throw noSuchIncident(id);
  return facts;
}

function noSuchIncident(id: string): UserError {
  return new UserError({ what: `There is no incident ${id}.`, next: "/zt incident list shows them." });
}

/** @throws UserError when there is none of this id. */
export async function exists({ deps, id }: ChangeOf): Promise<Incident> {
  const incident = await readIncident(deps.db, id);
  if (incident === null) throw noSuchIncident(id);
  return incident;
}

/** The incident, which has to be open. @throws UserError */
export async function current(of: ChangeOf): Promise<Incident> {
  const incident = await exists(of);
  if (incident.closed === null) return incident;
  throw closedMeanwhile(incident);
}

function closedMeanwhile({ id, closed }: Incident): UserError {
  return new UserError({
    ...(closed === null ? { what: `${id} is closed.` } : { what: `${id} was closed`, by: closed.by }),
    why: "A closed incident takes notes and late results only.",
    next: `Reopen it: /zt incident reopen ${id}`,
  });
}

type Applied = Omit<IncidentChange, "id" | "actor" | "event" | "at"> & { at?: number };

/** @throws UserError when it was closed, or changed by someone else, meanwhile. */
export async function apply(
  of: ChangeOf,
  event: IncidentChange["event"],
  applied: Applied,
): Promise<Incident> {
  const changed = await change(of, event, { where: isOpen, ...applied });
  if (changed !== null) return changed;
  await current(of);
  throw changedMeanwhile();
}

export function changedMeanwhile(): UserError {
  return new UserError({
    what: "Someone else changed it at the same moment.",
    next: "Look at it and try again.",
  });
}

/** Writes a change, shows it, and returns the incident; null: nothing was written. */
export async function change(
  { deps, asker, id }: ChangeOf,
  event: IncidentChange["event"],
  { at = deps.now(), data = {}, ...rest }: Applied,
): Promise<Incident | null> {
  const changed = await changeIncident(deps.db, {
    ...rest,
    id,
    at,
    actor: asker.userId,
    event,
    data: { ...data, ...auditContextOf(deps, asker) },
  });
  deps.engine.publishThread({ id });
  return changed;
}
