import { appendAudit, storable } from "../audit/append.ts";
import type { AccessUser } from "../api/cloudflare.ts";
import type { Db } from "../store/open.ts";
import { transact } from "../store/transact.ts";
import { createThread, type NewReply } from "../threads/thread.ts";
import { addEntry } from "./change.ts";
import { createIncidentId, incidentOf, type Incident, type Severity } from "./incident.ts";
import { insertPeople } from "./people.ts";

export interface NewIncident {
  teamId: string;
  title: string;
  severity: Severity;
  channel: string;
  openedBy: string;
  people: readonly AccessUser[];
  at: number;
  /** What its thread says first. */
  replies?: readonly NewReply[];
  /** For the record: see approvals/audit-context.ts. */
  auditContext: Record<string, unknown>;
}

/** Opens an incident with its thread and its audit row in one transaction; its people are read soon after. */
export async function openIncident(db: Db, input: NewIncident): Promise<Incident> {
  const { at, openedBy, people } = input;
  return transact(db, async (trx) => {
    const row = await trx
      .insertInto("incidents")
      .values({
        id: createIncidentId(),
        team_id: input.teamId,
        title: storable(input.title),
        status: "open",
        severity: input.severity,
        owner: openedBy,
        channel: input.channel,
        opened_by: openedBy,
        opened_at: at,
        closed_by: null,
        closed_at: null,
        first_contained_at: null,
        contained_at: null,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    const incident = incidentOf(row);
    await insertPeople(trx, incident.id, people, { at, from: 0 });
    await addEntry(trx, incident.id, at, {
      key: "opened",
      kind: "event",
      actor: openedBy,
      data: { event: "incident.opened" },
    });
    await createThread(trx, { id: incident.id, kind: "incident", channel: input.channel, at }, input.replies);
    await appendAudit(trx, {
      at,
      teamId: input.teamId,
      actor: openedBy,
      event: "incident.opened",
      data: {
        incident: incident.id,
        title: incident.title,
        severity: incident.severity,
        targets: people.map(({ id, email }) => ({ id, email })),
        ...input.auditContext,
      },
    });
    return incident;
  });
}
