import type { AccessUser } from "../../api/cloudflare.ts";
import type { Deps } from "../../deps.ts";
import type { Incident } from "../../incidents/incident.ts";
import { findOthersAbout } from "../../incidents/queries.ts";
import type { NewReply } from "../../threads/thread.ts";
import { elsewhereLine } from "../../views/incident/answers.ts";
import type { IncidentReply } from "../../views/incident/thread.ts";
import { tellApart } from "../../views/incident/words.ts";
import { toldWhere } from "./told.ts";

/** Another open incident, and which of some people belong to it, in plain names. */
export interface Elsewhere {
  incident: Incident;
  named: string[];
}

/** Each has a link, which is asked of Slack. More of them tell no one anything. */
const MAX_SHOWN = 3;

/**
 * Other open incidents about these people, the newest first. Who asks may read incidents: then they may read these.
 * `id`: the one that they are added to.
 */
export async function findElsewhere(
  { db }: Pick<Deps, "db">,
  people: readonly AccessUser[],
  id: string | null,
): Promise<Elsewhere[]> {
  const found = await findOthersAbout(
    db,
    people.map((one) => one.id),
    id,
  );
  const names = new Map(tellApart(people).map((name, index) => [people[index]?.id, name]));
  return found.slice(0, MAX_SHOWN).map(({ incident, targetIds }) => ({
    incident,
    named: targetIds.flatMap((one) => names.get(one) ?? []),
  }));
}

/** The message of the thread that says so: by the ids alone, as its readers need not be those of the others. */
export function elsewhereReplies(elsewhere: readonly Elsewhere[], key: string): NewReply[] {
  if (elsewhere.length === 0) return [];
  const others = elsewhere.map(({ incident: { id }, named }) => ({ id, named }));
  return [{ key, data: { kind: "elsewhere", others } satisfies IncidentReply }];
}

/** The same for the answer to who asked. */
export function elsewhereLines(deps: Deps, elsewhere: readonly Elsewhere[]): Promise<string[]> {
  return Promise.all(
    elsewhere.map(async ({ incident, named }) =>
      elsewhereLine({ ...incident, named }, (await toldWhere(deps, incident)).link),
    ),
  );
}
