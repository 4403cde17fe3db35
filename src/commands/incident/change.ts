import { auditContextOf } from "../../approvals/audit-context.ts";
import type { Asker, Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { readFacts, type IncidentFacts } from "../../incidents/facts.ts";
import { gapRulesOf } from "../../incidents/rules.ts";
import { MAX_PEOPLE, type Incident, type IncidentPerson, type Severity } from "../../incidents/incident.ts";
import {
  addPeople,
  changeIncident,
  isOpen,
  readIncident,
  readPeople,
  refreshIncident,
  refreshLater,
  removePeople,
  setIdpDisabled,
  type IncidentChange,
} from "../../incidents/repository.ts";
import { isMember } from "../../slack/membership.ts";
import type { Who } from "../../lookup/who.ts";
import { whoText } from "../../lookup/who-list.ts";
import type { Target } from "../../requests/target.ts";
import { tellApart } from "../../views/incident/words.ts";
import { checkNotAboutSelf } from "../authorise.ts";
import { authoriseIncident } from "./access.ts";
import { elsewhereReplies, findElsewhere, type Elsewhere } from "./elsewhere.ts";
import { checkCount, findPeople } from "./open.ts";

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

/** `named`: whom this was about, in plain names that tell them apart. */
interface ChangedPeople {
  incident: Incident;
  named: readonly string[];
}

/** `elsewhere`: other open incidents that they belong to. */
interface AddedPeople extends ChangedPeople {
  elsewhere: readonly Elsewhere[];
}

/** Adds people; those who belong to it stay. @throws UserError when no one is new, or someone is not found. */
export async function add(of: ChangeOf, whos: readonly Who[]): Promise<AddedPeople> {
  await authoriseIncident(of, "operator");
  const { deps, id } = of;
  await current(of);
  const [found, people] = await Promise.all([findPeople(deps, whos), readPeople(deps.db, id)]);
  const fresh = found.filter((one) => !people.some(({ target }) => target.id === one.id));
  if (fresh.length === 0)
    throw new UserError({
      what: `${found.length === 1 ? "They belong" : "All of them belong"} to ${id} already.`,
    });
  checkCount(people.length + fresh.length);
  const at = deps.now();
  const emails = fresh.map(({ email, id }) => (email === "" ? id : email));
  const named = tellApart(fresh, targetsOf(people));
  const elsewhere = await findElsewhere(deps, fresh, id);
  const incident = await apply(of, "incident.added", {
    at,
    follow: elsewhereReplies(elsewhere, `elsewhere:${at}`),
    data: { emails, targets: fresh.map((one) => one.id) },
    entry: { people: emails, named },
    key: `added:${at}`,
    also: async (trx) => {
      if (!(await addPeople(trx, id, fresh, at))) return false;
      // Of two who add at once, the later one sees what the earlier one wrote.
      if ((await readPeople(trx, id)).length > MAX_PEOPLE) checkCount(people.length + fresh.length + 1);
      return true;
    },
  });
  deps.engine.lookAtIncident(id);
  return { incident, named, elsewhere };
}

/** Takes people out of it; their past requests stay in its thread. @throws UserError when they don't belong to it. */
export async function remove(of: ChangeOf, whos: readonly Who[]): Promise<ChangedPeople> {
  await authoriseIncident(of, "operator");
  const { deps, id } = of;
  await current(of);
  const [people, addresses] = await Promise.all([
    readPeople(deps.db, id),
    Promise.all(whos.map((who) => addressOf(deps, who))),
  ]);
  const found = addresses.map((one) =>
    people.find(({ target }) => target.id === one || target.email.toLowerCase() === one.toLowerCase()),
  );
  const missing = whos.filter((_who, index) => found[index] === undefined);
  if (missing.length > 0 || found.length === 0)
    throw new UserError({
      what: `${missing.map(whoText).join(", ")} ${missing.length === 1 ? "does" : "do"} not belong to ${id}.`,
      next: `/zt incident show ${id} lists who does.`,
    });
  const targets = found.flatMap((one) => one?.target ?? []);
  const at = deps.now();
  const emails = targets.map(({ email, id }) => email || id);
  const named = tellApart(targets, targetsOf(people));
  const incident = await apply(of, "incident.removed", {
    at,
    data: { emails, targets: targets.map((one) => one.id) },
    entry: { people: emails, named },
    key: `removed:${at}`,
    also: (trx) =>
      removePeople(
        trx,
        id,
        targets.map((one) => one.id),
        at,
      ),
  });
  // For what follows from it; no one waits for that.
  await refreshIncident(deps.db, id, deps.now());
  return { incident, named };
}

function targetsOf(people: readonly IncidentPerson[]): Target[] {
  return people.map(({ target }) => target);
}

async function addressOf(deps: Deps, who: Who): Promise<string> {
  if (who.kind === "mention") return (await deps.directory.person(who.userId))?.email ?? whoText(who);
  return whoText(who);
}

/**
 * Someone's account is disabled at the identity provider, which zt-bot can't see; or it is not after all. Saying it twice
 * changes nothing. @throws UserError where they don't belong to it, or say it about themselves.
 */
export async function sayIdpDisabled(
  of: ChangeOf,
  targetId: string,
  isDisabled: boolean,
): Promise<{ incident: Incident; who: string }> {
  await authoriseIncident(of, "auditor");
  const { deps, asker, id } = of;
  const incident = await current(of);
  const people = await readPeople(deps.db, id);
  const person = people.find(({ target }) => target.id === targetId);
  if (person === undefined) throw new UserError({ what: `They no longer belong to ${id}.` });
  const { email } = person.target;
  await checkNotAboutSelf(of, email, "your own account");
  const [who = targetId] = tellApart([person.target], targetsOf(people));
  if ((person.idpDisabled !== null) === isDisabled) return { incident, who };
  const at = deps.now();
  const event = isDisabled ? "incident.idp-disabled" : "incident.idp-not-disabled";
  const said = { by: isDisabled ? asker.userId : null, at };
  const changed = await apply(of, event, {
    at,
    data: { emails: [email || targetId], targets: [targetId] },
    entry: { people: [email || targetId], named: [who] },
    key: `${event}:${targetId}:${at}`,
    also: (trx) => setIdpDisabled(trx, id, targetId, said),
  });
  deps.engine.lookAtIncident(id);
  return { incident: changed, who };
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
async function apply(of: ChangeOf, event: IncidentChange["event"], applied: Applied): Promise<Incident> {
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
