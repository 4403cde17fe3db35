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

/**
 * What Slack answers where a person can't be written to: they are gone, they take no messages of apps, or the app's
 * messages tab is off (https://docs.slack.dev/reference/methods/chat.postMessage). No retry helps.
 */
const UNDELIVERABLE: ReadonlySet<string> = new Set([
  "messages_tab_disabled",
  "cannot_dm_bot",
  "user_disabled",
  "user_not_found",
  "user_not_visible",
]);

/** A direct message that Slack does not let through, however often it is tried. */
export function isUndeliverable(code: string): boolean {
  return UNDELIVERABLE.has(code) || isChannelTrouble(code);
}

/** The bot may not write in the approvals channel, or there is none: somebody has to mend that. */
export function isChannelTrouble(code: string): boolean {
  return CHANNEL.has(code);
}

/** Slack takes none of the bot's calls any more: its token was revoked, or the app removed. */
export function isTokenTrouble(code: string): boolean {
  return TOKEN.has(code);
}

/** Plain words: why, as the end of a sentence, and what mends it; null where it passes by itself. */
export function describeSlackTrouble(code: string): { why: string; next: string | null } {
  if (isTokenTrouble(code)) {
    return {
      why: "Slack does not take zt-bot's token any more",
      next: "whoever runs zt-bot has to install the app again and set SLACK_BOT_TOKEN",
    };
  }
  switch (code) {
    case "ratelimited":
      return { why: "Slack asks zt-bot to wait", next: null };
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
        why: "the approvals channel in policy.yml does not exist, or zt-bot cannot see it",
        next: "invite it there, or name another in policy.yml",
      };
    case "restricted_action":
    case "restricted_action_read_only_channel":
      return {
        why: "zt-bot may not write in the approvals channel",
        next: "change who may post there, or name another in policy.yml",
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
      return { why: "Slack did not take the message", next: null };
  }
}
