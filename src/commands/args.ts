import type { Subject, Who } from "../lookup/who.ts";

/** An argument of a subcommand. From these its usage, its help and its parser are made. */
export type ArgSpec =
  /** `<who>`: an email, an Access user's UUID or a mention; a name is searched for first. */
  | { kind: "who"; required: boolean; summary: string }
  /** `<who>`, or a request's id. */
  | { kind: "subject"; required: false; summary: string }
  /** All words that are left, each a `<who>`, with or without commas between them; or one name. */
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

interface ReadAs {
  who: Who;
  subject: Subject;
  whos: Who[];
  word: string;
  rest: string;
  words: string[];
  switch: boolean;
  text: string;
}

/** The parsed arguments that a subcommand's function gets. Lists and switches are always there. */
export type Args<Specs extends ArgSpecs> = {
  [Name in keyof Specs]:
    | ReadAs[Specs[Name]["kind"]]
    | (Specs[Name] extends { required: true } | { kind: "whos" | "words" | "switch" } ? never : undefined);
};

/** The one user whom an action is about; left out, a form asks for them. */
export const OPTIONAL_WHO = {
  kind: "who",
  required: false,
  summary: "an email address, a name, an Access user's id or a @mention",
} as const;

/** The one user whom a look-up is about. */
export const WHO = { ...OPTIONAL_WHO, required: true } as const;
