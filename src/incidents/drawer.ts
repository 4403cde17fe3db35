import type { WebClient } from "@slack/web-api";

import { describeRequest } from "../actions/describe.ts";
import { refuseChannel } from "../approvals/channel.ts";
import type { UserSummary } from "../lookup/summary.ts";
import type { PolicySource } from "../policy-file.ts";
import { readRequest } from "../requests/repository.ts";
import type { Channels } from "../slack/channels.ts";
import { permalink } from "../slack/messages.ts";
import { SHARED_OUTSIDE } from "../slack-trouble.ts";
import type { Db } from "../store/open.ts";
import type { ThreadDrawer } from "../threads/publish.ts";
import type { Message } from "../views/blocks.ts";
import { incidentHead } from "../views/incident/head.ts";
import {
  eventReply,
  IncidentReply,
  noteReply,
  requestReply,
  snapshotReply,
} from "../views/incident/thread.ts";
import { readFacts, type IncidentFacts } from "./facts.ts";
import { gapRulesOf } from "./rules.ts";

interface DrawDeps {
  db: Db;
  slack: WebClient;
  channels: Channels;
  policy: Pick<PolicySource, "current">;
  now(): number;
}

/** Draws an incident's thread from what is in the database when it is posted. */
export function createIncidentDrawer(deps: DrawDeps): ThreadDrawer {
  const { db, policy, channels } = deps;
  return {
    async head({ id }) {
      const facts = await readFacts(db, id, gapRulesOf(policy.current()));
      if (facts === null) throw new Error(`the incident ${id} of a thread is not there`);
      // What keeps it from Slack is over where Slack shows it.
      return drawHead(deps, { ...facts, thread: { ...facts.thread, trouble: null } });
    },
    reply: (_thread, data) => drawReply(deps, IncidentReply.parse(data)),
    async refuse({ place: { channel } }) {
      const reading = await channels.read(channel);
      const refusal = refuseChannel(reading);
      if (refusal === null) return null;
      return refusal.kind === "shared" ? SHARED_OUTSIDE : (reading.trouble ?? "unknown_audience");
    },
  };
}

/** An incident as it stands, with links to the cards of its open requests. `threadLink`: shown elsewhere. */
export async function drawHead(
  { slack, now }: Pick<DrawDeps, "slack" | "now">,
  facts: IncidentFacts,
  threadLink: string | null = null,
): Promise<Message> {
  const links = new Map(
    await Promise.all(
      facts.requests.map(async ({ request: { id, card } }) => [id, await linkTo(slack, card)] as const),
    ),
  );
  return incidentHead({ facts, now: now(), linkOf: (id) => links.get(id) ?? null, threadLink });
}

async function drawReply({ db, slack }: DrawDeps, reply: IncidentReply): Promise<Message> {
  switch (reply.kind) {
    case "snapshot":
      return snapshotReply(reply.summary as UserSummary);
    case "note":
      return noteReply(reply);
    case "event":
      return eventReply(reply);
    case "request": {
      const request = await readRequest(db, reply.requestId);
      if (request === null) throw new Error(`the request ${reply.requestId} of a thread is not there`);
      const link = await linkTo(slack, request.card);
      return requestReply({ reply, request, headline: describeRequest(request).headline, link });
    }
  }
}

/** null while it is not in Slack. */
function linkTo(
  slack: WebClient,
  { channel, ts }: { channel: string; ts: string | null },
): Promise<string | null> {
  return ts === null ? Promise.resolve(null) : permalink(slack, { channel, ts });
}
