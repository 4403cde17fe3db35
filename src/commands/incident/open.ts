import type { AccessUser } from "../../api/cloudflare.ts";
import { auditContextOf } from "../../approvals/audit-context.ts";
import { refuseChannel } from "../../approvals/channel.ts";
import type { Asker, Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import {
  DEFAULT_SEVERITY,
  MAX_PEOPLE,
  MAX_TITLE,
  type Incident,
  type Severity,
} from "../../incidents/incident.ts";
import { openIncident } from "../../incidents/open.ts";
import { findMany } from "../../lookup/many.ts";
import { onlyFirst } from "../../lookup/who-list.ts";
import { findUser, type Who } from "../../lookup/who.ts";
import { capitalize, list, plural } from "../../pluralize.ts";
import { INCIDENT_CHANNEL } from "../../views/incident/words.ts";
import { cut } from "../../views/text.ts";
import { authoriseIncident } from "./access.ts";
import { elsewhereReplies, findElsewhere, type Elsewhere } from "./elsewhere.ts";

export interface OpenInput {
  whos: readonly Who[];
  title: string;
  severity?: Severity;
  /** Where it was asked; the policy may name another channel. "": nowhere. */
  channelId: string;
}

/**
 * Opens an incident, with other open ones about its people: finds its people, checks who reads the channel, and has the thread posted.
 * @throws UserError when someone is not found, or the channel is no place for it; nothing is opened then.
 */
export async function open(
  deps: Deps,
  asker: Asker,
  input: OpenInput,
): Promise<{ incident: Incident; elsewhere: Elsewhere[] }> {
  await authoriseIncident({ deps, asker }, "operator");
  const channel = await placeFor(deps, input.channelId);
  const people = await findPeople(deps, input.whos);
  const elsewhere = await findElsewhere(deps, people, null);
  const incident = await openIncident(deps.db, {
    replies: elsewhereReplies(elsewhere, "elsewhere"),
    teamId: asker.teamId,
    title: cut(input.title.trim(), MAX_TITLE),
    severity: input.severity ?? DEFAULT_SEVERITY,
    channel,
    openedBy: asker.userId,
    people,
    at: deps.now(),
    auditContext: auditContextOf(deps, asker),
  });
  deps.engine.lookAtIncident(incident.id);
  return { incident, elsewhere };
}

/** The channel of an incident. @throws UserError where people from outside read it, or there is none. */
async function placeFor(deps: Deps, asked: string): Promise<string> {
  const channel = deps.policy.current().incidents.channel ?? asked;
  if (channel === "" || channel.startsWith("D")) {
    throw new UserError({
      what: "An incident needs a channel.",
      why: "The policy names none for incidents (channels.incidents).",
      next: "Type /zt incident open in the channel that works on it.",
    });
  }
  const refusal = refuseChannel(await deps.channels.read(channel), INCIDENT_CHANNEL);
  if (refusal === null) return channel;
  throw new UserError({
    what: `Not opened: ${refusal.what}.`,
    why: "An incident says who is being investigated. Only your organization may read that.",
    next: `${capitalize(refusal.next)}.`,
  });
}

/** Everyone who is named. @throws UserError that names who was not found. */
export async function findPeople(deps: Deps, named: readonly Who[]): Promise<AccessUser[]> {
  const whos = onlyFirst(named);
  const [only] = whos;
  if (only === undefined) {
    throw new UserError({
      what: "No one was named.",
      next: "Add an email address, a @mention or an Access user's id.",
    });
  }
  checkCount(whos.length);
  // One alone may be misspelt: the error offers who was meant.
  if (whos.length === 1) return [await findUser(deps.cloudflare, deps.directory, only)];
  const { users, unknown, ambiguous } = await findMany(deps.cloudflare, deps.directory, whos);
  if (unknown.length + ambiguous.length > 0) {
    throw new UserError({
      what: "Not everyone was found, so nothing was changed.",
      why: [
        ...(unknown.length > 0 ? [`No Access user: ${list(unknown.map((one) => cut(one, 100)))}.`] : []),
        ...ambiguous.map(({ email, ids }) => `${email} is ${plural(ids.length, "user")}: ${ids.join(", ")}.`),
      ].join(" "),
      next: "Check the spelling or leave them out. /zt users searches by name.",
    });
  }
  return users;
}

/** @throws UserError for more people than one incident takes. */
export function checkCount(count: number): void {
  if (count <= MAX_PEOPLE) return;
  throw new UserError({
    what: `${plural(count, "person", "people")} are too many: an incident takes at most ${MAX_PEOPLE}.`,
    next: "Open a second incident for the others.",
  });
}
