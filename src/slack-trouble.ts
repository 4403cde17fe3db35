/**
 * Slack's trouble with the bot's messages, by its code (see slackTroubleOf in slack/clients.ts): what kind it is, and
 * the words for people. Pure, so that views may use it.
 */

/** Not Slack's code but ours: people of another organization can read the channel (approvals/channel.ts). */
export const SHARED_OUTSIDE = "shared_outside";

// Each code with when it is given: https://docs.slack.dev/reference/methods/chat.postMessage#errors. `is_inactive` is
// what chat.update says of an archived channel: https://docs.slack.dev/reference/methods/chat.update
const CHANNEL: ReadonlySet<string> = new Set([
  "is_archived",
  "is_inactive",
  "not_in_channel",
  "channel_not_found",
  "restricted_action",
  "restricted_action_read_only_channel",
  "restricted_action_thread_only_channel",
  "ekm_access_denied",
  SHARED_OUTSIDE,
]);

/** The thread takes no replies, and the channel takes messages. */
const THREAD: ReadonlySet<string> = new Set([
  "restricted_action_thread_locked",
  "restricted_action_non_threadable_channel",
  "cannot_reply_to_message",
]);

/** Slack has no way to the person, however often that is tried: the app has no Messages tab. */
const DIRECT: ReadonlySet<string> = new Set([...CHANNEL, ...THREAD, "messages_tab_disabled"]);

const TOKEN: ReadonlySet<string> = new Set([
  "invalid_auth",
  "not_authed",
  "token_revoked",
  "token_expired",
  "account_inactive",
]);

/** Not Slack's code but ours: zt-bot could not draw or post a message of a thread, for a reason of its own. */
export const OWN_TROUBLE = "own_trouble";

/** The bot may not write in the approvals channel, or there is none: someone needs to fix that. */
export function isChannelTrouble(code: string): boolean {
  return CHANNEL.has(code);
}

/** Nothing can be posted in this thread, however often that is tried. */
export function isThreadTrouble(code: string): boolean {
  return THREAD.has(code);
}

/** This direct message can't be delivered, however often that is tried. */
export function isUndeliverable(code: string): boolean {
  return DIRECT.has(code);
}

/** Slack rejects all of the bot's calls: its token was revoked, or the app removed. */
export function isTokenTrouble(code: string): boolean {
  return TOKEN.has(code);
}

const APPROVALS = "the approvals channel";

/** Plain words: why, as the end of a sentence, and what fixes it; null where it passes by itself. `channel`: as it is named there. */
export function describeSlackTrouble(
  code: string,
  channel = APPROVALS,
): { why: string; next: string | null } {
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
        why: `${channel} is archived`,
        next: "unarchive it, or name another in policy.yml",
      };
    case "not_in_channel":
      return {
        why: `zt-bot is not a member of ${channel}`,
        next: "type /invite @zt-bot there",
      };
    case "channel_not_found":
      return {
        why: `${channel === APPROVALS ? `${channel} in policy.yml` : channel} does not exist, or zt-bot can't see it`,
        next: "invite it there, or name another in policy.yml",
      };
    case "restricted_action":
    case "restricted_action_read_only_channel":
      return {
        why: `zt-bot can't post in ${channel}`,
        next: "let it post there, or name another in policy.yml",
      };
    case "restricted_action_thread_only_channel":
      return {
        why: `${channel} only allows replies in threads`,
        next: "allow messages there, or name another in policy.yml",
      };
    case "restricted_action_thread_locked":
      return { why: "an administrator locked the thread", next: "unlock it in Slack" };
    case "restricted_action_non_threadable_channel":
    case "cannot_reply_to_message":
      return { why: "Slack allows no replies in this thread", next: "allow threads in the channel" };
    case "ekm_access_denied":
      return {
        why: "Slack administrators suspended posting (encryption keys)",
        next: "ask them to restore access",
      };
    case "message_limit_exceeded":
      return { why: "this workspace sent more messages than Slack allows", next: null };
    case "messages_tab_disabled":
      return {
        why: "the Slack app has no Messages tab, so zt-bot can't send direct messages",
        next: "paste manifest.yml into the app's settings again",
      };
    case "user_not_visible":
      return { why: "Slack doesn't let zt-bot see this person", next: null };
    case SHARED_OUTSIDE:
      return {
        why: `${channel} is shared with another organization, or is about to be`,
        next: "stop sharing it in Slack, or name another channel in policy.yml and reload it",
      };
    case "missing_scope":
      return {
        why: "the Slack app lacks a permission",
        next: "paste manifest.yml into the app's settings again and install it",
      };
    case OWN_TROUBLE:
      return {
        why: "zt-bot can't show one of its messages",
        next: "the zt-bot administrator needs to look for the incident's id in the log",
      };
    default:
      return { why: "Slack rejected the message", next: null };
  }
}

/** Where a token that Slack does not take comes from again, by the setting that holds it. */
export const NEW_TOKEN = {
  SLACK_BOT_TOKEN:
    "Install the app again, and set SLACK_BOT_TOKEN to the Bot User OAuth Token under OAuth & Permissions.",
  SLACK_APP_TOKEN:
    "Make an app-level token with connections:write under Basic Information, and set SLACK_APP_TOKEN to it.",
} as const;
