import type { WebClient } from "@slack/web-api";

import { appendAudit, BOT } from "../audit/append.ts";
import { describeSlackTrouble, isTokenTrouble } from "../slack-trouble.ts";
import { openDirect, permalink } from "../slack/messages.ts";
import type { Db } from "../store/open.ts";
import { transact } from "../store/transact.ts";
import type { ThreadDrawer } from "../threads/publish.ts";
import { changeThread, createThread, readThread } from "../threads/thread.ts";
import { troubleNotice } from "../views/incident/answers.ts";
import { INCIDENT_CHANNEL } from "../views/incident/words.ts";
import type { Incident } from "./incident.ts";
import { addEntry, lockIncidents } from "./change.ts";
import { readIncident } from "./queries.ts";

/** What keeps the thread of an incident from Slack, and since when. */
interface Trouble {
  code: string;
  since: number;
}

interface TroubleDeps {
  db: Db;
  slack: WebClient;
  now(): number;
}

/** The direct message about it: a thread of its own, which is edited once it is over. */
function noticeIdOf(id: string, { since }: Trouble): string {
  return `${id}@${since}`;
}

/**
 * Tells the owner of an incident (without one, who opened it) that its thread is not in Slack, and records it, once. What
 * passes by itself is not told, nor what keeps every message from Slack.
 */
export async function tellTrouble(
  { db, slack, now }: TroubleDeps,
  id: string,
  trouble: Trouble,
): Promise<void> {
  const { code, since } = trouble;
  if (describeSlackTrouble(code, INCIDENT_CHANNEL).next === null || isTokenTrouble(code)) return;
  if (await wasTold(db, id, trouble)) return;
  const incident = await readIncident(db, id);
  if (incident === null) return;
  const channel = await findDirect(slack, incident);
  const at = now();
  await transact(db, async (trx) => {
    await lockIncidents(trx, [id]);
    const entry = { event: "messages.trouble", reason: code };
    if (!(await addEntry(trx, id, at, { key: `trouble:${since}`, kind: "event", actor: BOT, data: entry })))
      return;
    if (channel !== null)
      await createThread(trx, { id: noticeIdOf(id, trouble), kind: "notice", channel, at });
    await appendAudit(trx, {
      at,
      teamId: incident.teamId,
      actor: BOT,
      event: "messages.trouble",
      data: { incident: id, code, channel: incident.channel },
    });
  });
}

/** The same when it is over, where it was told. */
export async function tellRecovery({ db, now }: TroubleDeps, id: string, trouble: Trouble): Promise<void> {
  const { code, since } = trouble;
  if (!(await wasTold(db, id, trouble))) return;
  const incident = await readIncident(db, id);
  if (incident === null) return;
  const at = now();
  await transact(db, async (trx) => {
    await lockIncidents(trx, [id]);
    const entry = { event: "messages.recovered", reason: code };
    if (!(await addEntry(trx, id, at, { key: `recovered:${since}`, kind: "event", actor: BOT, data: entry })))
      return;
    await changeThread(trx, noticeIdOf(id, trouble), at);
    await appendAudit(trx, {
      at,
      teamId: incident.teamId,
      actor: BOT,
      event: "messages.recovered",
      data: { incident: id, code, since, channel: incident.channel },
    });
  });
}

async function wasTold(db: Db, id: string, { since }: Trouble): Promise<boolean> {
  const row = await db
    .selectFrom("incident_entries")
    .select("seq")
    .where("incident_id", "=", id)
    .where("key", "=", `trouble:${since}`)
    .executeTakeFirst();
  return row !== undefined;
}

/** The direct messages of whom it concerns; null: neither can be written to. */
async function findDirect(slack: WebClient, { owner, openedBy }: Incident): Promise<string | null> {
  const theirs = owner === null ? null : await openDirect(slack, owner);
  return theirs ?? (owner === openedBy ? null : await openDirect(slack, openedBy));
}

/** Draws those direct messages: how the incident's thread stands when it is posted or edited. */
export function createNoticeDrawer({ db, slack }: Pick<TroubleDeps, "db" | "slack">): ThreadDrawer {
  return {
    async head({ id: noticeId }) {
      const [id = "", since] = noticeId.split("@");
      const [incident, thread] = await Promise.all([readIncident(db, id), readThread(db, id)]);
      if (incident === null || thread === null)
        throw new Error(`the incident ${id} of a notice is not there`);
      const { trouble, place } = thread;
      if (trouble !== null && String(trouble.since) === since) return troubleNotice(incident, trouble, null);
      const ts = thread.headTs ?? place.ts;
      return troubleNotice(
        incident,
        null,
        ts === null ? null : await permalink(slack, { channel: place.channel, ts }),
      );
    },
    reply: () => Promise.reject(new Error("a notice has no replies")),
  };
}
