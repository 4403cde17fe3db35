import type { Deps } from "../../deps.ts";
import type { Incident } from "../../incidents/incident.ts";
import { permalink } from "../../slack/messages.ts";
import { readThread } from "../../threads/thread.ts";
import { threadTrouble, type Told } from "../../views/incident/answers.ts";

/** A link to the thread; where it is not there yet, why. */
export async function toldWhere(deps: Deps, { id, channel }: Incident): Promise<Told> {
  const thread = await readThread(deps.db, id);
  const ts = thread?.headTs ?? thread?.place.ts ?? null;
  const code = thread?.trouble?.code ?? null;
  return {
    link: ts === null ? null : await permalink(deps.slack.interactive, { channel, ts }),
    trouble: code === null ? null : threadTrouble(code),
  };
}
