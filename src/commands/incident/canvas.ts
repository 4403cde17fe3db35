import { readPlainStory } from "../../incidents/export/make.ts";
import { storyMarkdown } from "../../incidents/export/markdown.ts";
import type { Incident } from "../../incidents/incident.ts";
import { createCanvas } from "../../slack/canvas.ts";
import { slackTroubleOf } from "../../slack/clients.ts";
import { canvasRefusal } from "../../views/incident/answers.ts";
import type { IncidentReply } from "../../views/incident/thread.ts";
import { cut } from "../../views/text.ts";
import { authoriseIncident } from "./access.ts";
import { nameReader, placeOf } from "./export.ts";
import { noSuchIncident, postSummary, recordSummary, type SummaryOf } from "./summary.ts";
import { gapRulesOf } from "../../incidents/rules.ts";

/** Slack takes no longer title. */
const MAX_TITLE = 150;

/**
 * Writes the summary as a canvas and posts its link in the thread. Where Slack has no canvas for it, the ordinary summary is
 * posted. @returns why there is no canvas, in mrkdwn; null: there is one. @throws UserError
 */
export async function postCanvas(of: SummaryOf): Promise<{ incident: Incident; refusal: string | null }> {
  await authoriseIncident(of, "auditor");
  const { deps, asker, id } = of;
  const rules = gapRulesOf(deps.policy.current());
  const read = await readPlainStory({ ...deps, rules, nameOf: nameReader(deps) }, id, asker.userId);
  if (read === null) throw noSuchIncident(id);
  const { incident } = read.story;
  const { channel } = await placeOf(of, incident);
  const link = await createCanvas(
    { slack: deps.slack.background, log: deps.log },
    {
      title: cut(incident.title === "" ? id : `${incident.title} (${id})`, MAX_TITLE),
      markdown: storyMarkdown(read.plain),
      channel,
    },
  ).catch((error: unknown) => {
    const code = slackTroubleOf(error);
    if (code === null) throw error;
    deps.log.warn({ err: error, incident: id }, "a canvas could not be written");
    return { code };
  });
  if (typeof link !== "string")
    return { incident: await postSummary(of), refusal: canvasRefusal(link?.code ?? "no link") };
  await recordSummary(of, incident, (key) => [
    { key: `canvas:${key}`, data: { kind: "canvas", by: asker.userId, link } satisfies IncidentReply },
  ]);
  return { incident, refusal: null };
}
