import type { Button } from "@slack/types";

import { compact } from "../../compact.ts";
import { list } from "../../pluralize.ts";
import type { PostData } from "../../requests/posts.ts";
import type { Request } from "../../requests/request.ts";
import type { Target } from "../../requests/target.ts";
import { actions, message, section, type Message } from "../blocks.ts";
import { formButton } from "../forms/button.ts";
import { screenButton } from "../screen-button.ts";
import { code, escape, when } from "../text.ts";

type BlockPost = Extract<
  PostData,
  {
    kind:
      | "block-until"
      | "block-without-end"
      | "block-stays"
      | "block-replaced"
      | "block-end"
      | "block-end-late"
      | "block-end-failed";
  }
>;

/** What is told of a block's end, in its thread and to who requested it. */
export function blockEndMessage({ plan }: Pick<Request, "plan">, data: BlockPost): Message {
  const email = code(plan.target.email, 254);
  const list =
    plan.action === "block" ? plan.options.list : plan.action === "revoke" ? plan.options.block : undefined;
  const name = list === undefined ? " the list" : ` the list “${escape(list.name, 100)}”`;
  const { id } = plan.target;
  const extend = formButton(
    "Extend…",
    "block",
    "extend",
    { user: id },
    `Request to block ${plan.target.email} for longer`,
  );
  const unblock = formButton(
    "Unblock…",
    "unblock",
    "unblock",
    { user: id },
    `Request to unblock ${plan.target.email}`,
  );
  switch (data.kind) {
    case "block-until":
      return withButtons(
        `⏳ ${email} stays on${name} until ${when(data.until)}${data.was === undefined ? "" : ` instead of ${when(data.was)}`}.`,
        extend,
        unblock,
      );
    case "block-without-end":
      return withButtons(
        `⏳ ${email} stays on${name} until someone unblocks them; before, it was until ${when(data.was)}.`,
        unblock,
      );
    case "block-stays":
      return withButtons(
        data.isUnknown
          ? `⚠️ It is unknown whether ${email} was on${name} before, so they stay on it after ${when(data.until)}.\n→ Unblock them then.`
          : `⚠️ ${email} was on${name} before this request, so they stay on it after ${when(data.until)}.\n→ Unblock them when that is right.`,
        unblock,
      );
    case "block-replaced": {
      const by = code(data.by);
      if (data.isUnblocked) return withButtons(`⚪ ${email} was unblocked early by ${by}.`);
      return withButtons(
        data.until === null
          ? `⏳ ${by} extended this: ${email} stays on${name} until someone unblocks them.`
          : `⏳ ${by} changed the time: ${email} stays on${name} until ${when(data.until)}.`,
      );
    }
    case "block-end":
      return blockOver(data, { email, name, again: blockAgain(plan.target) });
    case "block-end-late":
      return withButtons(
        `⏳ The time is up, but ${email} is still on${name}: ${escape(data.why, 500)}. Trying again.`,
        unblock,
      );
    case "block-end-failed":
      return withButtons(
        `❌ ${email} is still on${name}, a day after the time was up: ${escape(data.why, 500)}.\n→ Unblock them, or take them off${name} in the Cloudflare dashboard.`,
        unblock,
      );
  }
}

interface Over {
  /** In mrkdwn. */
  email: string;
  name: string;
  again: Button;
}

/** The danger first: whom an incident is about, or who was revoked again, can sign in from now on. */
function blockOver(
  { at, wasSo, meanwhile }: Extract<BlockPost, { kind: "block-end" }>,
  { email, name, again }: Over,
): Message {
  const done = wasSo
    ? `${email} was already off${name}`
    : `${email} is off${name}, verified at ${when(at, "time")}`;
  if (meanwhile === undefined)
    return wasSo
      ? withButtons(`⚪ The time is up: ${done}.`)
      : withButtons(`✅ Unblocked ${email}, as the time is up, verified at ${when(at, "time")}.`, again);
  const { revoked, incidents } = meanwhile;
  const why = compact(
    incidents.length > 0 && `${list(incidents)} ${incidents.length === 1 ? "is" : "are"} open`,
    revoked !== null && `they were revoked again ${when(revoked.at)} (${code(revoked.id)})`,
  );
  return withButtons(
    `🟠 *No longer blocked, though ${list(why)}.*\nThe time is up: ${done}.\n→ Block them again to keep them out.`,
    again,
    ...incidents
      .slice(0, MAX_INCIDENTS)
      .map((id, index) =>
        screenButton(`Show ${id}`, "incident", { incident: id }, `Show ${id}`, `over-${index}`),
      ),
  );
}

/** Of more, the newest ones. */
const MAX_INCIDENTS = 3;

/** A block that is over does not go on: it is requested again. */
export function blockAgain({ id, email }: Target): Button {
  return formButton("Block again…", "block", "extend", { user: id }, `Request to block ${email} again`);
}

function withButtons(text: string, ...buttons: ReturnType<typeof formButton>[]): Message {
  return message(text, section(text), buttons.length > 0 && actions("block-end", ...buttons));
}
