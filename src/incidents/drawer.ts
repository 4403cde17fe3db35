import type { WebClient } from "@slack/web-api";

import { describeRequest } from "../actions/describe.ts";
import type { Cloudflare } from "../api/cloudflare.ts";
import { refuseChannel } from "../approvals/channel.ts";
import type { Log } from "../log/log.ts";
import type { UserSummary } from "../lookup/summary.ts";
import { drawIncidentPicture, readIncidentSignIns } from "../pictures/incident.ts";
import type { PolicySource } from "../policy-file.ts";
import { readRequest } from "../requests/repository.ts";
import type { Channels } from "../slack/channels.ts";
import { permalink } from "../slack/messages.ts";
import { SHARED_OUTSIDE } from "../slack-trouble.ts";
import type { Db } from "../store/open.ts";
import type { ThreadDrawer } from "../threads/publish.ts";
import { readThread } from "../threads/thread.ts";
import type { Message } from "../views/blocks.ts";
import { incidentHead } from "../views/incident/head.ts";
import {
  canvasReply,
  elsewhereReply,
  eventReply,
  IncidentReply,
  noteReply,
  requestReply,
} from "../views/incident/thread.ts";
import { snapshotReply, snapshotsReply } from "../views/incident/snapshot.ts";
import { incidentSummary } from "../views/incident/summary.ts";
import { readFacts, type IncidentFacts } from "./facts.ts";
import { readStory } from "./summary/read.ts";
import { readPeople } from "./queries.ts";
import { gapRulesOf } from "./rules.ts";
import type { Story } from "./summary/story.ts";
import { tellRecovery, tellTrouble } from "./trouble.ts";

interface DrawDeps {
  db: Db;
  cloudflare: Cloudflare;
  log: Log;
  slack: WebClient;
  channels: Channels;
  policy: Pick<PolicySource, "current">;
  now(): number;
}

/** Draws an incident's thread from what is in the database when it is posted. */
export function createIncidentDrawer(deps: DrawDeps): ThreadDrawer {
  const { db, policy, channels } = deps;
  return {
    async head({ id }, isInstead) {
      const facts = await readFacts(db, id, gapRulesOf(policy.current()));
      if (facts === null) throw new Error(`the incident ${id} of a thread is not there`);
      // What keeps it from Slack is over where Slack shows it.
      return drawHead(deps, { ...facts, thread: { ...facts.thread, trouble: null } }, { isInstead });
    },
    tellTrouble: ({ id }, trouble) => tellTrouble(deps, id, trouble),
    tellRecovery: ({ id }, trouble) => tellRecovery(deps, id, trouble),
    reply: ({ id }, data) => drawReply(deps, id, IncidentReply.parse(data)),
    async refuse({ place: { channel } }) {
      const reading = await channels.read(channel);
      const refusal = refuseChannel(reading);
      if (refusal === null) return null;
      return refusal.kind === "shared" ? SHARED_OUTSIDE : (reading.trouble ?? "unknown_audience");
    },
  };
}

/**
 * An incident as it stands, with links to the cards of its open requests. `threadLink`: shown elsewhere; `isInstead`: in
 * the place of a head that was deleted.
 */
export async function drawHead(
  { slack, now }: Pick<DrawDeps, "slack" | "now">,
  facts: IncidentFacts,
  shown: { threadLink?: string | null; isInstead?: boolean } = {},
): Promise<Message> {
  const links = new Map(
    await Promise.all(
      facts.requests.map(async ({ request: { id, card } }) => [id, await linkTo(slack, card)] as const),
    ),
  );
  return incidentHead({ facts, now: now(), linkOf: (id) => links.get(id) ?? null, ...shown });
}

async function drawReply(deps: DrawDeps, id: string, reply: IncidentReply): Promise<Message> {
  const { db, slack, policy, now } = deps;
  switch (reply.kind) {
    case "summary": {
      const story = await readStory(db, id, { rules: gapRulesOf(policy.current()), at: now() });
      if (story === null) throw new Error(`the incident ${id} of a thread is not there`);
      return drawSummary({ slack }, story, { by: reply.by });
    }
    case "sign-ins": {
      const people = await readPeople(db, id);
      const signIns = await readIncidentSignIns(
        deps,
        people.map(({ profile }) => profile),
      );
      return drawIncidentPicture(deps, signIns);
    }
    case "snapshot":
      return snapshotReply(
        reply.summary as UserSummary,
        policy.current().block !== null && reply.isBlocked !== true,
      );
    case "snapshots":
      return snapshotsReply(reply.summaries as UserSummary[]);
    case "note":
      return noteReply(reply);
    case "event":
      return eventReply(reply);
    case "canvas":
      return canvasReply(reply);
    case "elsewhere": {
      const links = new Map(
        await Promise.all(
          reply.others.map(async (other) => {
            const thread = await readThread(db, other.id);
            const ts = thread?.headTs ?? thread?.place.ts ?? null;
            const place = thread === null ? null : { channel: thread.place.channel, ts };
            return [other.id, place === null ? null : await linkTo(slack, place)] as const;
          }),
        ),
      );
      return elsewhereReply(reply, (other) => links.get(other) ?? null);
    }
    case "request": {
      const request = await readRequest(db, reply.requestId);
      if (request === null) throw new Error(`the request ${reply.requestId} of a thread is not there`);
      const link = await linkTo(slack, request.card);
      return requestReply({ reply, request, headline: describeRequest(request).headline, link });
    }
  }
}

/** An incident's summary, with links to the cards of its requests. `threadLink`: shown elsewhere. */
export async function drawSummary(
  { slack }: Pick<DrawDeps, "slack">,
  story: Story,
  { by, threadLink = null }: { by: string | null; threadLink?: string | null },
): Promise<Message> {
  // Of the others there is no line on it.
  const shown = story.told.slice(-MAX_LINKED);
  const links = new Map(
    await Promise.all(
      shown.map(async ({ request: { id, card } }) => [id, await linkTo(slack, card)] as const),
    ),
  );
  return incidentSummary({ story, by, threadLink, linkOf: (id) => links.get(id) ?? null });
}

const MAX_LINKED = 10;

/** null while it is not in Slack. */
function linkTo(
  slack: WebClient,
  { channel, ts }: { channel: string; ts: string | null },
): Promise<string | null> {
  return ts === null ? Promise.resolve(null) : permalink(slack, { channel, ts });
}
