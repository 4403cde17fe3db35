import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { describeRequest } from "../../actions/describe.ts";
import type { Deps } from "../../deps.ts";
import { findGaps } from "../../incidents/gaps.ts";
import type { Incident, IncidentPerson } from "../../incidents/incident.ts";
import { isOpen } from "../../incidents/change.ts";
import { refreshIncident } from "../../incidents/people.ts";
import { readPeople } from "../../incidents/queries.ts";
import { readHistory } from "../../incidents/requests.ts";
import { gapRulesOf } from "../../incidents/rules.ts";
import { findOpenAmong } from "../../requests/queries.ts";
import { gapWords, notReadText, tellApart } from "../../views/incident/words.ts";
import { authoriseIncident } from "./access.ts";
import { change, changedMeanwhile, current, type ChangeOf } from "./change.ts";
import { summaryReplies } from "./summary.ts";

/** The required gaps that are left, in plain words, and what tells them from others. */
interface GapsLeft {
  /** By email addresses, for the record. */
  gaps: string[];
  /** By names, for people. */
  named: string[];
  digest: string;
}

/**
 * What came of closing: closed, with so many gaps; or the gaps that have to be confirmed first. `requests`: what those about
 * its people are for that are not over.
 */
export type Closing = { incident: Incident; requests: string[] } & (
  | { left: null; closedWith: number }
  | { left: GapsLeft }
);

/**
 * Closes it. Gaps that are left are named and have to be confirmed: `confirmed` is the digest of those that were shown,
 * and where there are others by now, they are named first. @throws UserError when it is closed already.
 */
export async function close(of: ChangeOf, confirmed: string | null): Promise<Closing> {
  await authoriseIncident(of, "operator");
  const { deps, asker } = of;
  const incident = await current(of);
  await readIfOld(of);
  const at = deps.now();
  const left = await readGapsLeft(deps, deps.db, incident, at);
  const requests = await readOpenRequests(deps, incident);
  if (left.gaps.length > 0 && left.digest !== confirmed) return { incident, left, requests };
  const closed = await change(of, "incident.closed", {
    at,
    where: isOpen,
    set: { status: "closed", closed_by: asker.userId, closed_at: at },
    data: { gaps: left.gaps },
    entry: { gaps: left.gaps, named: left.named },
    key: `closed:${at}`,
    follow: summaryReplies(`closed:${at}`, null),
    // Under the lock of its row: what is written down is what was confirmed.
    also: async (trx) => (await readGapsLeft(deps, trx, incident, at)).digest === left.digest,
  });
  if (closed !== null) return { incident: closed, left: null, closedWith: left.gaps.length, requests };
  const other = await readGapsLeft(deps, deps.db, await current(of), at);
  if (other.gaps.length === 0) throw changedMeanwhile();
  return { incident, left: other, requests };
}

async function readOpenRequests({ db }: Deps, { id }: Incident): Promise<string[]> {
  const people = await readPeople(db, id);
  const open = await findOpenAmong(
    db,
    people.map(({ target }) => target.id),
  );
  return open.map((request) => describeRequest(request).headline);
}

/** What was read before is too old to close an incident by. */
const OLD_MS = 5 * 60_000;
/** Someone waits for the answer; who could not be read by then counts as not read. */
const READ_AGAIN_MS = 8000;

function isOld({ seen }: IncidentPerson, now: number): boolean {
  return seen !== null && now - seen.readAt > OLD_MS;
}

/** Has everyone read again where that was long ago, and waits for it, within limits. */
async function readIfOld({ deps, id }: ChangeOf): Promise<void> {
  const at = deps.now();
  if (!(await readPeople(deps.db, id)).some((person) => isOld(person, at))) return;
  await refreshIncident(deps.db, id, at);
  const done = new AbortController();
  const late = sleep(READ_AGAIN_MS, undefined, { signal: done.signal }).catch(() => {});
  await Promise.race([deps.engine.incidentRead(id), late]).finally(() => done.abort());
}

async function readGapsLeft(
  { policy }: Deps,
  db: Parameters<typeof readHistory>[0],
  { id, openedAt }: Incident,
  now: number,
): Promise<GapsLeft> {
  const rules = gapRulesOf(policy.current());
  const people = await readPeople(db, id);
  const history = await readHistory(
    db,
    people.map(({ target }) => target.id),
    openedAt,
  );
  const names = tellApart(people.map(({ target }) => target));
  const left = people.flatMap((person, index) => {
    const { id, email } = person.target;
    const words = [
      ...(isOld(person, now) && rules.required.length > 0 ? [notReadText(OLD_MS)] : []),
      ...findGaps({ ...person, ...history(id) }, rules)
        .filter(({ kind }) => rules.required.includes(kind))
        .map(gapWords),
    ];
    return words.map((gap) => ({ gap: `${email || id}: ${gap}`, named: `${names[index] ?? id}: ${gap}` }));
  });
  const gaps = left.map(({ gap }) => gap);
  const digest = createHash("sha256").update(JSON.stringify(gaps)).digest("hex").slice(0, 16);
  return { gaps, named: left.map(({ named }) => named), digest };
}
