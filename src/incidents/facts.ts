import type { Db } from "../store/open.ts";
import { describeRequest } from "../actions/describe.ts";
import { findOpenAmong } from "../requests/queries.ts";
import type { Request } from "../requests/request.ts";
import { readThread } from "../threads/thread.ts";
import { stateOfPerson, type PersonState } from "./chips.ts";
import { isContained, type GapKind, type GapRules } from "./gaps.ts";
import type { Incident, IncidentPerson } from "./incident.ts";
import { readIncident, readPeople } from "./queries.ts";
import { readHistory } from "./requests.ts";

/** All that an incident's head shows, as it stands in the database. */
export interface IncidentFacts {
  incident: Incident;
  people: { person: IncidentPerson; state: PersonState }[];
  /** Requests about them that are not over. */
  requests: { request: Request; headline: string }[];
  /** The gaps that the policy calls required. */
  required: readonly GapKind[];
  /** No required gap is left. */
  isContained: boolean;
  /** Where it is told; `ts`: null while it is not in Slack. `trouble`: what keeps its messages from there. */
  thread: { channel: string; ts: string | null; trouble: { code: string; since: number } | null };
}

/** @returns null when there is no such incident. */
export async function readFacts(db: Db, id: string, rules: GapRules): Promise<IncidentFacts | null> {
  const { required } = rules;
  const [incident, people, thread] = await Promise.all([
    readIncident(db, id),
    readPeople(db, id),
    readThread(db, id),
  ]);
  if (incident === null) return null;
  const ids = people.map(({ target }) => target.id);
  const [history, open] = await Promise.all([
    readHistory(db, ids, incident.openedAt),
    findOpenAmong(db, ids),
  ]);
  const states = people.map((person) => ({
    person,
    state: stateOfPerson({ ...person, ...history(person.target.id) }, rules),
  }));
  return {
    incident,
    people: states,
    requests: open.map((request) => ({ request, headline: describeRequest(request).headline })),
    required,
    isContained: states.length > 0 && states.every(({ state }) => isContained(state.gaps, required)),
    thread: {
      channel: incident.channel,
      ts: thread?.place.ts ?? null,
      trouble: thread?.trouble ?? null,
    },
  };
}
