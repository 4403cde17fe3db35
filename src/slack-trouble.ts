/**
 * Slack's trouble with the bot's messages, by its code (see slackTroubleOf in slack/clients.ts): what kind it is, and
 * the words for people. Pure, so that views may use it.
 */

/** Not Slack's code but ours: people of another organization can read the channel (approvals/channel.ts). */
export const SHARED_OUTSIDE = "shared_outside";

// `is_inactive` is what chat.update says of an archived channel: https://docs.slack.dev/reference/methods/chat.update
const CHANNEL: ReadonlySet<string> = new Set([
  "is_archived",
  "is_inactive",
  "not_in_channel",
  "channel_not_found",
  "restricted_action",
  "restricted_action_read_only_channel",
  SHARED_OUTSIDE,
]);

const TOKEN: ReadonlySet<string> = new Set([
  "invalid_auth",
  "not_authed",
  "token_revoked",
  "token_expired",
  "account_inactive",
]);

/** The bot may not write in the approvals channel, or there is none: someone needs to fix that. */
export function isChannelTrouble(code: string): boolean {
  return CHANNEL.has(code);
}

/** Slack rejects all of the bot's calls: its token was revoked, or the app removed. */
export function isTokenTrouble(code: string): boolean {
  return TOKEN.has(code);
}

/** Plain words: why, as the end of a sentence, and what fixes it; null where it passes by itself. */
export function describeSlackTrouble(code: string): { why: string; next: string | null } {
  if (isTokenTrouble(code)) {
    return {
      why: "Slack no longer accepts zt-bot's token",
      next: "the zt-bot administrator needs to install the app again and set SLACK_BOT_TOKEN",
    };
  }
  switch (code) {
    case "ratelimited":
      return { why: "Slack's rate limit is reached", next: null };
    case "is_archived":
    case "is_inactive":
      return {
        why: "the approvals channel is archived",
        next: "unarchive it, or name another in policy.yml",
      };
    case "not_in_channel":
      return {
        why: "zt-bot is not a member of the approvals channel",
        next: "type /invite @zt-bot there",
      };
    case "channel_not_found":
      return {
        why: "the approvals channel in policy.yml does not exist, or zt-bot can't see it",
        next: "invite it there, or name another in policy.yml",
      };
    case "restricted_action":
    case "restricted_action_read_only_channel":
      return {
        why: "zt-bot can't post in the approvals channel",
        next: "let it post there, or name another in policy.yml",
      };
    case SHARED_OUTSIDE:
      return {
        why: "the approvals channel is shared with another organization, or is about to be",
        next: "stop sharing it in Slack, or name another channel in policy.yml and reload it",
      };
    case "missing_scope":
      return {
        why: "the Slack app lacks a permission",
        next: "paste manifest.yml into the app's settings again and install it",
      };
    default:
      return { why: "Slack rejected the message", next: null };
  }
}
