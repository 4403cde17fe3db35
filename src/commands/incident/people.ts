import type { Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { MAX_PEOPLE, type Incident, type IncidentPerson } from "../../incidents/incident.ts";
import { addPeople, refreshIncident, removePeople, setIdpDisabled } from "../../incidents/people.ts";
import { readPeople } from "../../incidents/queries.ts";
import type { Who } from "../../lookup/who.ts";
import { whoText } from "../../lookup/who-list.ts";
import type { Target } from "../../requests/target.ts";
import { tellApart } from "../../views/incident/words.ts";
import { checkNotAboutSelf } from "../authorise.ts";
import { authoriseIncident } from "./access.ts";
import { apply, current, type ChangeOf } from "./change.ts";
import { elsewhereReplies, findElsewhere, type Elsewhere } from "./elsewhere.ts";
import { checkCount, findPeople } from "./open.ts";

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
