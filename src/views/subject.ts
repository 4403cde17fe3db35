import type { ActionsBlock, Button } from "@slack/types";

import type { AccessUser } from "../api/cloudflare.ts";
import type { Maybe } from "../compact.ts";
import { actions } from "./blocks.ts";
import { screenButton } from "./screen-button.ts";
import { escape, named } from "./text.ts";

/** Whom an answer is about, in a line of mrkdwn: the address; of the rare user without one, the name or the id. */
export function subjectOf(user: AccessUser): string {
  return escape(user.email || named(user.name, user.id), 254);
}

/** What `<who>` to type for a user: the address, or the id of a user without one. */
export function whoOf(user: AccessUser): string {
  return escape(user.email || user.id, 254);
}

/** The last row under what is about a user: the buttons given, and one to the summary, where Revoke is. */
export function toSummary(user: AccessUser, ...before: readonly Maybe<Button>[]): ActionsBlock[] {
  const label = `Summary of ${user.email || named(user.name, user.id)}, with Revoke`;
  return actions("to_summary", ...before, screenButton("Summary", "user", { user: user.id }, label));
}
