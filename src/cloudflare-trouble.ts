import type { CallName } from "./api/cloudflare.ts";
import { isNoRoute, type CloudflareFailure } from "./api/errors.ts";

export interface Trouble {
  /** A few words for a line in a summary: "Cloudflare is not answering". */
  brief: string;
  why: string;
  next: string;
}

const LIST_CALLS: ReadonlySet<string> = new Set(["get list", "list items of a list", "change list"]);

/** What each call reads, as people call it. */
const READ: Partial<Record<CallName, string>> = {
  "list users": "the Access users",
  "get user": "the user",
  "list active sessions": "sessions",
  "get active session": "the session",
  "get last seen identity": "the identity",
  "list failed logins": "failed sign-ins",
  "list access requests": "sign-ins",
  "get risk summary": "risk scores",
  "get risk score": "the risk score",
  "list registrations": "devices",
  "list physical devices": "devices",
  "get physical device": "the device",
  "get list": "the block list",
  "list items of a list": "the block list",
  "list gateway rules": "Gateway rules",
  "list audit log": "Cloudflare's audit log",
  "list identity providers": "the identity providers (IdP)",
  "list SCIM users": "accounts at the IdP",
  "verify account token": "the API token's state",
  "verify user token": "the API token's state",
};

/** `Can't read failed sign-ins`; of a change: `Can't revoke user`. Ends in the middle of a sentence. */
export function failedWords({ call }: Pick<CloudflareFailure, "call">): string {
  const read = (READ as Record<string, string | undefined>)[call];
  return read === undefined ? `Can't ${call}` : `Can't read ${read}`;
}

/** What a responder is told of each way a call can fail, with the step that fixes it. Plain text. */
export function describeFailure(error: CloudflareFailure): Trouble {
  switch (error.kind) {
    case "permission":
      // Cloudflare answers 401 to a token that is no longer good as well as to one that may not do this.
      if (error.status === 401) {
        return {
          brief: `Cloudflare rejected the API token: it is expired or revoked, or lacks “${error.permission}”`,
          why: `Cloudflare rejected the API token (${error.call}): it is expired or revoked, or lacks the permission “${error.permission}”.`,
          next: `Look at the token in the Cloudflare dashboard (My Profile or Manage Account › API Tokens): renew it there, or add “${error.permission}”. A new token goes into CLOUDFLARE_API_TOKEN, with a restart.`,
        };
      }
      return {
        brief: `the API token lacks “${error.permission}”`,
        why: `The API token can't ${error.call}: it lacks the permission “${error.permission}”.`,
        next: `Add “${error.permission}” to the token in the Cloudflare dashboard (My Profile or Manage Account › API Tokens). No restart is needed.`,
      };
    case "auth":
      return {
        brief: "Cloudflare rejected the API token",
        why: "Cloudflare rejected the API token: it is malformed, expired or revoked.",
        next: "The zt-bot administrator needs to set a valid CLOUDFLARE_API_TOKEN (or CLOUDFLARE_EMAIL and CLOUDFLARE_API_KEY) and restart it.",
      };
    case "rate-limited":
      // Plain text holds no moment in the reader's zone, and the limit is never longer than these.
      return {
        brief: "Cloudflare's rate limit is reached; calls resume within five minutes",
        why: "Cloudflare's rate limit (1,200 calls in 5 minutes, shared with the dashboard and other tokens of this user) is reached.",
        next: "Try again in a few minutes.",
      };
    case "timeout":
      return {
        brief: "Cloudflare did not answer in time",
        why: `Cloudflare did not answer in time (${error.call}).`,
        next: "Try again. If it lasts, see www.cloudflarestatus.com.",
      };
    case "network":
      return {
        brief: "Cloudflare can't be reached",
        why: `Cloudflare can't be reached (${error.call}).`,
        next: "Try again. If it lasts, see www.cloudflarestatus.com and check the bot's network.",
      };
    case "aborted":
      return {
        brief: "the call was cancelled",
        why: "The call was cancelled before Cloudflare answered.",
        next: "Try again.",
      };
    case "unexpected":
      return {
        brief: `something in front of Cloudflare's API answered instead of it (HTTP ${error.status})`,
        why: `Something in front of Cloudflare's API (a firewall rule, a proxy, a gateway) answered instead of it (${error.call}, HTTP ${error.status}).`,
        next: "Try again. If it lasts, check for a firewall or proxy between zt-bot and api.cloudflare.com.",
      };
    case "not-found":
      if (LIST_CALLS.has(error.call)) {
        return {
          brief: "Cloudflare no longer has the block list",
          why: `Cloudflare no longer has the block list (${error.call}).`,
          next: "Disable the account in your IdP, and ask the people who run zt-bot to correct block.email_list in policy.yml.",
        };
      }
      return {
        brief: "Cloudflare has no such user or item",
        why: `Cloudflare has no such user or item (${error.call}).`,
        next: "Look up the user again: it may have been removed.",
      };
    case "not-enabled":
      return {
        brief: "not enabled on this Cloudflare account",
        why: `This Cloudflare account does not have the feature (${error.call}).`,
        next: error.call.includes("risk")
          ? "Risk scoring needs a Zero Trust Enterprise plan."
          : "Set up Zero Trust for the account in the Cloudflare dashboard.",
      };
    case "rejected":
    case "http": {
      const said = error.messages.length > 0 ? `: ${error.messages.join("; ")}` : "";
      const { status } = error;
      if (status !== null && status >= 500) {
        return {
          brief: `Cloudflare returned an error (${status})${said}`,
          why: `Cloudflare returned an error (${status})${said}.`,
          next: "Try again. If it lasts, see www.cloudflarestatus.com.",
        };
      }
      // A refusal may come with 200, which would only confuse the reader.
      const code = status === null || status < 300 ? "" : `HTTP ${status}`;
      return {
        brief: `Cloudflare refused${code === "" ? "" : ` (${code})`}${said}`,
        why: `Cloudflare refused (${error.call}${code === "" ? "" : `, ${code}`})${said}.`,
        next: isNoRoute(error)
          ? "Check CLOUDFLARE_ACCOUNT_ID and CLOUDFLARE_BASE_URL: whether the user exists is unknown."
          : error.call === "change list"
            ? "Look at the list in the dashboard: it may be full. Until then, disable the account in your IdP."
            : "Check the user in the dashboard before trying again.",
      };
    }
    case "shape":
      return {
        brief: "Cloudflare's answer can't be read",
        why: `Cloudflare's answer can't be read (${error.call}).`,
        next: "Check the user in the dashboard, and report this: the API may have changed.",
      };
  }
}
