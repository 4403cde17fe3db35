import { auditContextOf } from "../../approvals/audit-context.ts";
import { refuseChannel } from "../../approvals/channel.ts";
import type { Deps } from "../../deps.ts";
import { capitalize } from "../../pluralize.ts";
import { UserError } from "../../errors.ts";
import { makeExport } from "../../incidents/export/make.ts";
import type { Incident } from "../../incidents/incident.ts";
import { readIncident } from "../../incidents/queries.ts";
import { gapRulesOf } from "../../incidents/rules.ts";
import { describeSlackTrouble } from "../../slack-trouble.ts";
import { isSlackFailure, slackTroubleOf } from "../../slack/clients.ts";
import { attachFiles } from "../../slack/attach.ts";
import type { MessagePlace } from "../../slack/messages.ts";
import { readThread } from "../../threads/thread.ts";
import { exportText } from "../../views/incident/answers.ts";
import { INCIDENT_CHANNEL } from "../../views/incident/words.ts";
import { authoriseIncident } from "./access.ts";
import { noSuchIncident, type SummaryOf } from "./summary.ts";

/**
 * Attaches an incident's story and the record's rows about it to its thread, as Markdown and JSON, and records that. Who
 * reads the channel reads the files.
 * @throws UserError; nothing is recorded before the thread can take files.
 */
export async function attachExport(of: SummaryOf): Promise<Incident> {
  await authoriseIncident(of, "auditor");
  const { deps, asker, id } = of;
  const incident = await readIncident(deps.db, id);
  if (incident === null) throw noSuchIncident(id);
  const place = await placeOf(of, incident);
  const exported = await makeExport(
    {
      db: deps.db,
      now: deps.now,
      rules: gapRulesOf(deps.policy.current()),
      nameOf: nameReader(deps),
    },
    id,
    { teamId: incident.teamId, by: asker.userId, auditContext: auditContextOf(deps, asker) },
  );
  if (exported === null) throw new Error(`the incident ${id} is not there`);
  try {
    await attachFiles(deps.slack.background, place, {
      text: exportText({ id, by: asker.userId, ...exported }),
      files: [
        { name: `${id}.md`, content: exported.markdown },
        { name: `${id}.json`, content: exported.json },
      ],
    });
  } catch (error) {
    const code = slackTroubleOf(error);
    if (code === null) throw error;
    const { why, next } = describeSlackTrouble(code, INCIDENT_CHANNEL);
    deps.log.warn({ err: error, incident: id }, "an export could not be attached");
    throw new UserError({
      what: `Not attached: ${why}.`,
      next: next === null ? "Try again." : `${capitalize(next)}, then try again.`,
    });
  }
  return incident;
}

/** Reads people's names. A name is a comfort: null, and the id stands for it, where Slack does not answer. */
export function nameReader({
  directory,
}: Pick<Deps, "directory">): (userId: string) => Promise<string | null> {
  return async (userId) => {
    try {
      return (await directory.person(userId))?.name ?? null;
    } catch (error) {
      if (!isSlackFailure(error)) throw error;
      return null;
    }
  };
}

/** The thread, where it is in Slack and only our organization reads it. @throws UserError */
export async function placeOf({ deps, id }: SummaryOf, { channel }: Incident): Promise<MessagePlace> {
  const refusal = refuseChannel(await deps.channels.read(channel), INCIDENT_CHANNEL);
  if (refusal !== null)
    throw new UserError({ what: `Not exported: ${refusal.what}.`, next: `${capitalize(refusal.next)}.` });
  const ts = (await readThread(deps.db, id))?.place.ts ?? null;
  if (ts === null)
    throw new UserError({
      what: `The thread of ${id} is not in Slack yet.`,
      next: `/zt incident show ${id} says why.`,
    });
  return { channel, ts };
}
