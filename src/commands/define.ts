import type { Asker, Deps } from "../deps.ts";
import type { RevokedBy } from "../lookup/registrations.ts";
import type { Subject, Who } from "../lookup/who.ts";
import type { ActionName, Wish } from "../requests/plan.ts";
import type { Message } from "../views/blocks.ts";

/** An argument of a subcommand. From these its usage, its help and its parser are made. */
export type ArgSpec =
  /** `<who>`: an e-mail, an Access user's UUID or a mention. */
  | { kind: "who"; required: boolean; summary: string }
  /** `<who>`, or a request's id. */
  | { kind: "subject"; required: false; summary: string }
  /** All words that are left, each a `<who>`: commas between them do no harm. */
  | { kind: "whos"; summary: string }
  /** A bare word. */
  | { kind: "word"; required: boolean; summary: string }
  /** All words that are left, as one text: a name needs no quotes. */
  | { kind: "rest"; required: boolean; summary: string }
  /** All words that are left, each for itself. */
  | { kind: "words"; summary: string }
  /** `--flag` */
  | { kind: "switch"; summary: string }
  /** `--flag some words`: up to the next flag, quoted or not. `takes` names the one word of a flag that takes one. */
  | { kind: "text"; required?: true; summary: string; takes?: string };

export type ArgSpecs = Record<string, ArgSpec>;

/** The parsed arguments that a subcommand's function gets. */
export type Args<Specs extends ArgSpecs> = {
  [Name in keyof Specs]: Specs[Name] extends { kind: "switch" }
    ? boolean
    : Specs[Name] extends { kind: "who"; required: true }
      ? Who
      : Specs[Name] extends { kind: "subject" }
        ? Subject | undefined
        : Specs[Name] extends { kind: "who" }
          ? Who | undefined
          : Specs[Name] extends { kind: "whos" }
            ? Who[]
            : Specs[Name] extends { kind: "word"; required: true }
              ? string
              : Specs[Name] extends { kind: "rest" | "text"; required: true }
                ? string
                : Specs[Name] extends { kind: "words" }
                  ? string[]
                  : string | undefined;
};

/**
 * Who may use a subcommand: everybody who can type it; who may look (the policy's viewers, operators and
 * approvers); who may read the record (its operators and approvers); who may look and ask for changes (its operators);
 * who may decide (its approvers).
 */
export type Role = "everyone" | "viewer" | "auditor" | "operator" | "approver";

/** What a screen shows, as ids and numbers: it travels in a button's value and is looked up again at the click. */
export type ScreenParams = Readonly<Record<string, string>>;

/** An answer that can be shown again with other parameters: the next page, or another subject. */
export type Screen = (deps: Deps, params: ScreenParams, asker: Asker) => Promise<Message>;

/** What a subcommand works with, whichever way it was reached. */
export interface CommandContext {
  deps: Deps;
  asker: Asker;
  channelId: string;
  /** Answers only the asker. */
  reply(message: Message): Promise<void>;
  /** Opens the form of an action, or offers a button that does where a form can't be opened at once. */
  openForm(form: FormRequest): Promise<void>;
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
  /** The Cloudflare calls it makes, by their names in src/api: permissions in the docs come from there. */
  calls: readonly string[];
  args: Specs;
  /** What its buttons show: `screen:<name>:…` in any message leads here, after the role is checked again. */
  screen?: Screen;
  run(context: CommandContext, args: Args<Specs>): Promise<void>;
}

/** Infers the arguments' types from `args`: a subcommand is this data and one function. */
export function defineCommand<const Specs extends ArgSpecs>(command: Command<Specs>): Command<Specs> {
  return command;
}

/** `revoke [<who>…] [--devices] [--reason "…"]` */
export function usageOf(command: Pick<Command, "name" | "args">): string {
  const words = Object.entries(command.args).map(([name, spec]) => {
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
        return bracketed(`--${flagName(name)} ${spec.takes ?? '"…"'}`, spec.required !== true);
    }
  });
  return [command.name, ...words].join(" ");
}

function bracketed(words: string, isOptional: boolean): string {
  return isOptional ? `[${words}]` : words;
}

/** `warpReauth` in code is `--warp-reauth` when typed. */
export function flagName(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
