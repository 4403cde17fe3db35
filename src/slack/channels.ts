import type { ConversationsInfoResponse, WebClient } from "@slack/web-api";

import { memoize } from "../memoize.ts";
import { isSlackFailure, slackTroubleOf } from "./clients.ts";

/** Who can read a channel. */
export interface Audience {
  /** Everybody in the workspace. */
  isPublic: boolean;
  /** People of another organization, now or as soon as an invitation is accepted. */
  isShared: boolean;
  /** zt-bot is in it. */
  isMember: boolean;
}

export interface ChannelReading {
  /** What Slack says now, or said within the last day where it can't say now; null: nothing. */
  audience: Audience | null;
  /** What Slack answered instead: see slackTroubleOf. null: it said it. */
  trouble: string | null;
}

export interface Channels {
  /** Who can read this channel. Remembered for half a minute. Never rejects for what Slack answers. */
  read(channelId: string): Promise<ChannelReading>;
}

const FRESH_MS = 30_000;
const LAST_KNOWN_MS = 24 * 60 * 60_000;

export function createChannels(client: WebClient, now: () => number): Channels {
  const seen = new Map<string, { at: number; audience: Audience }>();
  const ask = memoize(now, FRESH_MS, async (channelId: string): Promise<Audience> => {
    const audience = await readAudience(client, channelId);
    seen.set(channelId, { at: now(), audience });
    return audience;
  });
  return {
    async read(channelId) {
      try {
        return { audience: await ask(channelId), trouble: null };
      } catch (error) {
        if (!(isSlackFailure(error) || error instanceof OddAnswerError)) throw error;
        const last = seen.get(channelId);
        const isRecent = last !== undefined && now() - last.at < LAST_KNOWN_MS;
        return { audience: isRecent ? last.audience : null, trouble: slackTroubleOf(error) ?? "no answer" };
      }
    },
  };
}

/** An `ok` without a channel: that says nothing of who can read it. */
class OddAnswerError extends Error {}

async function readAudience(client: WebClient, channelId: string): Promise<Audience> {
  const { channel } = await client.conversations.info({ channel: channelId });
  if (channel === undefined) throw new OddAnswerError("conversations.info without a channel");
  return audienceOf(channel);
}

type SlackChannel = NonNullable<ConversationsInfoResponse["channel"]>;

/**
 * A channel that workspaces of one Enterprise organization share (`is_org_shared`) stays inside it. One that waits to
 * be shared counts as shared: https://docs.slack.dev/reference/objects/conversation-object
 */
export function audienceOf(channel: SlackChannel): Audience {
  const isSharedElsewhere = channel.is_shared === true && channel.is_org_shared !== true;
  return {
    isPublic: channel.is_private !== true,
    isShared: channel.is_ext_shared === true || channel.is_pending_ext_shared === true || isSharedElsewhere,
    // Of a private channel Slack says nothing to those who are not.
    isMember: channel.is_member === true,
  };
}
