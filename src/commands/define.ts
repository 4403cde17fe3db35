import type { CallName } from "../api/cloudflare.ts";
import type { Asker, Deps } from "../deps.ts";
import type { RevokedBy } from "../lookup/registrations.ts";
import type { Who } from "../lookup/who.ts";
import type { ActionName, Wish } from "../requests/plan.ts";
import type { Message } from "../views/blocks.ts";
import type { Args, ArgSpecs } from "./args.ts";

/**
 * Who may use a subcommand: everyone who can type it; who may look (the policy's viewers, operators and
 * approvers); who may read the record (its operators and approvers); who may look and ask for changes (its operators);
 * who may decide (its approvers); who may decide, also alone (its approvers, and those who may break the glass).
 */
export type Role = "everyone" | "viewer" | "auditor" | "operator" | "approver" | "decider";

/** What a screen shows, as ids and numbers: it travels in a button's value and is looked up again at the click. */
export type ScreenParams = Readonly<Record<string, string>>;

/**
 * Shows an answer before all of it is read. The whole one takes its place, or follows it where Slack can't replace
 * it; an answer that is quick enough is given once.
 */
export type ShowEarly = (message: Message) => Promise<void>;

/** An answer that can be shown again with other parameters: the next page, or another subject. */
type Screen = (deps: Deps, params: ScreenParams, asker: Asker, showEarly?: ShowEarly) => Promise<Message>;

/** What a subcommand works with, whichever way it was reached. */
export interface CommandContext {
  deps: Deps;
  asker: Asker;
  channelId: string;
  /** Answers only the asker; what was asked by a mention is answered in its thread, for everyone there. */
  reply(message: Message): Promise<void>;
  /** Answers only the asker where `reply` does not; absent where it does. */
  replyPrivately?: (message: Message) => Promise<void>;
  /** Absent where an answer has to be complete. */
  showEarly?: ShowEarly;
  /** Opens the form of an action, or offers a button that does where a form can't be opened at once. */
  openForm(form: FormRequest): Promise<void>;
  /** Opens the form of a new incident; absent where there is nothing to open it with. */
  openIncidentForm?: (prefill: { title: string }) => Promise<void>;
  /** The thread in which it was said; absent for what is no message. */
  threadTs?: string;
}

/** A form to open, with what is known already. */
export interface FormRequest {
  action: ActionName;
  /** null: asked for in the form. */
  who: Who | null;
  prefill: Partial<Wish>;
  reason: string;
  /** Of the revoked devices, those are chosen that an earlier request revoked. */
  revokedBy?: RevokedBy;
  /** Names in it that were not found, kept in a draft; ticked: goes on without them. */
  without?: { draft: string; count: number; isTicked: boolean };
  /** Filled in as the verdict on that user recommends, as far as it still does. */
  isAdvised?: boolean;
}

export interface Command<Specs extends ArgSpecs = ArgSpecs> {
  name: string;
  aliases?: readonly string[];
  /** Help is grouped by it. */
  group: "Look up" | "Respond" | "Help";
  summary: string;
  /** Said in `help <subcommand>`, a sentence or two. */
  details?: string;
  examples: readonly string[];
  role: Role;
  /** It has an effect that lasts: not run where a repeated request can't be told from a new one. */
  changes?: true;
  /** The Cloudflare calls it makes, by their names in src/api: permissions in the docs come from there. */
  calls: readonly CallName[];
  args: Specs;
  /**
   * What its buttons show: `screen:<name>:…` in any message leads here, after the role is checked again. Of a
   * subcommand about a user, `user` is their Access id, and every other parameter has the name of its argument.
   */
  screen?: Screen;
  /** What it returns is the answer, unless it gave one of its own. */
  run(context: CommandContext, args: Args<Specs>): Promise<Message | void>;
}

/** Infers the arguments' types from `args`: a subcommand is this data and one function. */
export function defineCommand<const Specs extends ArgSpecs>(command: Command<Specs>): Command<Specs> {
  return command;
}

/** `revoke [<who>…] [--devices] [--reason "…"]` */
export function usageOf(command: Pick<Command, "name" | "args">): string {
  const words = (name: string, { takes = '"…"' }: { takes?: string }) => `--${flagName(name)} ${takes}`;
  const args = Object.entries(command.args).map(([name, spec]) => {
    switch (spec.kind) {
      case "who":
      case "subject":
      case "word":
      case "rest":
        return spec.required ? `<${name}>` : `[<${name}>]`;
      case "whos":
      case "words":
        return `[<${name}>…]`;
      case "switch":
        return `[--${flagName(name)}]`;
      case "text":
        return spec.required ? words(name, spec) : `[${words(name, spec)}]`;
    }
  });
  return [command.name, ...args].join(" ");
}

/** `warpReauth` in code is `--warp-reauth` when typed. */
export function flagName(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
