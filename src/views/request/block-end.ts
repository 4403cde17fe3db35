import type { PostData } from "../../requests/posts.ts";
import type { Request } from "../../requests/request.ts";
import { actions, message, section, type Message } from "../blocks.ts";
import { formButton } from "../forms/button.ts";
import { code, escape, when } from "../text.ts";

type BlockPost = Extract<
  PostData,
  {
    kind:
      | "block-until"
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
      return withButtons(`⏳ ${email} stays on${name} until ${when(data.until)}.`, extend, unblock);
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
      return data.wasSo
        ? withButtons(`⚪ The time is up: ${email} was already off${name}.`)
        : withButtons(
            `✅ Unblocked ${email}, as the time is up, verified at ${when(data.at, "time")}.`,
            formButton(
              "Block again…",
              "block",
              "extend",
              { user: id },
              `Request to block ${plan.target.email} again`,
            ),
          );
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

function withButtons(text: string, ...buttons: ReturnType<typeof formButton>[]): Message {
  return message(text, section(text), buttons.length > 0 && actions("block-end", ...buttons));
}
