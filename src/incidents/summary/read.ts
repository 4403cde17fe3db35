import { describeRequest } from "../../actions/describe.ts";
import { fromRow } from "../../requests/request.ts";
import { readTargets } from "../../requests/targets.ts";
import type { Db } from "../../store/open.ts";
import { readFacts } from "../facts.ts";
import type { GapRules } from "../gaps.ts";
import { readEntries, readRemoved } from "../queries.ts";
import { BEFORE_MS } from "../requests.ts";
import { tellStory, type Story, type StoryRequest } from "./story.ts";

/** An incident's story as it stands in the database. @returns null when there is no such incident. */
export async function readStory(
  db: Db,
  id: string,
  { rules, at }: { rules: GapRules; at: number },
): Promise<Story | null> {
  const [facts, entries, removed] = await Promise.all([
    readFacts(db, id, rules),
    readEntries(db, id),
    readRemoved(db, id),
  ]);
  if (facts === null) return null;
  const told = await readToldRequests(db, {
    incidentId: id,
    openedAt: facts.incident.openedAt,
    until: facts.incident.closed?.at ?? at,
    targetIds: facts.people.map(({ person }) => person.target.id),
  });
  return tellStory({ ...facts, entries, removed, told }, at);
}

interface Told {
  incidentId: string;
  openedAt: number;
  until: number;
  targetIds: readonly string[];
}

/** Requests that the incident heard of, and those about its people since a day before it was opened. */
async function readToldRequests(
  db: Db,
  { incidentId, openedAt, until, targetIds }: Told,
): Promise<StoryRequest[]> {
  const rows = await db
    .selectFrom("requests")
    .selectAll()
    .where((eb) =>
      eb.or([
        eb(
          "id",
          "in",
          eb
            .selectFrom("incident_entries")
            .select((inner) => inner.ref("request_id").$notNull().as("id"))
            .where("incident_id", "=", incidentId)
            .where("request_id", "is not", null),
        ),
        eb.and([
          eb("created_at", ">=", openedAt - BEFORE_MS),
          eb("created_at", "<=", until),
          targetIds.length === 0
            ? eb.lit(false)
            : eb(
                "id",
                "in",
                eb.selectFrom("request_targets").select("request_id").where("target_id", "in", targetIds),
              ),
        ]),
      ]),
    )
    .orderBy("created_at")
    .orderBy("id")
    .execute();
  return Promise.all(
    rows.map(async (row) => {
      const request = fromRow(row);
      const { headline } = describeRequest(request);
      return { request, headline, targets: await readTargets(db, request.id) };
    }),
  );
}
