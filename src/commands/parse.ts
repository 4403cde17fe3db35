import { closest, distance } from "fastest-levenshtein";

import { compact } from "../compact.ts";
import { UserError } from "../errors.ts";
import { parseWho, type Who } from "../lookup/who.ts";
import { number, plural } from "../pluralize.ts";
import { isRequestId } from "../requests/plan.ts";
import type { ArgSpec, Args, ArgSpecs } from "./args.ts";
import { flagName, usageOf, type Command } from "./define.ts";

/** Slack itself allows more; past this it is a paste that went wrong. */
const MAX_TEXT = 3000;

// Everything below space but tab and line ends, which count as spaces; and DEL with the C1 range.
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]/;

// A word, or words in quotes, with or without a `--flag=` before them. A quote counts only where a word begins, and
// only when it is closed at a word's end: an apostrophe or a forgotten quote must not swallow the flags behind it.
const WORD =
  /(?<flag>[-—–]+[\w-]+=)?(?:["“”„‟«»](?<double>[^"“”„‟«»]*)["“”„‟«»]|['‘’‚‛](?<single>(?:(?!\s[-—–]+\p{L}).)*?)['‘’‚‛])(?=\s|$)|\S+/gsu;

/**
 * Splits what was typed after `/zt` into words, as people type on phones: smart quotes are taken for plain ones.
 * @throws UserError for text that is too long or holds control characters.
 */
export function splitWords(text: string): string[] {
  if (text.length > MAX_TEXT) {
    throw new UserError({
      what: `That is too long: ${plural(text.length, "character")}.`,
      why: `A command holds at most ${number(MAX_TEXT)}.`,
      next: "Shorten it.",
    });
  }
  if (CONTROL.test(text)) {
    throw new UserError({
      what: "The command contains control characters.",
      why: "They are invisible, and often come with copied text.",
      next: "Type it again, or paste it as plain text.",
    });
  }
  return Array.from(text.matchAll(WORD), ([word, flag, double, single]) => {
    const quoted = double ?? single;
    return quoted === undefined ? word : `${flag ?? ""}${quoted}`;
  }).filter((word) => word !== "");
}

/**
 * What was typed after a subcommand: all it needs, or all but whom, where a name or a part of an email stands in
 * place of `<who>`. The arguments exist only once the user is known, so that nothing can act on a name.
 */
export type Parsed<Specs extends ArgSpecs> =
  | { name: null; args: Args<Specs> }
  | { name: string; withUser: (who: Who) => Args<Specs> };

/**
 * Reads a subcommand's arguments by its specification.
 * @throws UserError that names the argument and shows the usage.
 */
export function parseArgs<Specs extends ArgSpecs>(
  command: Command<Specs>,
  words: readonly string[],
): Parsed<Specs> {
  const values: Record<string, unknown> = {};
  const positionals = Object.entries(command.args).filter(
    ([, spec]) => spec.kind !== "switch" && spec.kind !== "text",
  );
  const flags = new Map(
    Object.entries(command.args)
      .filter(([, spec]) => spec.kind === "switch" || spec.kind === "text")
      .map(([name, spec]) => [flagName(name), { name, spec }]),
  );
  for (const { name, spec } of flags.values()) if (spec.kind === "switch") values[name] = false;
  for (const [name, spec] of positionals)
    if (spec.kind === "words" || spec.kind === "whos") values[name] = [];

  let named = null as Named | null;
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const dashes = DASHES.exec(word)?.[0];
    if (dashes === undefined) {
      const [next] = positionals;
      if (named !== null && goesOn(named, next?.[1])) {
        named = { ...named, text: `${named.text} ${readNameWord(command, word)}` };
        continue;
      }
      if (next === undefined) throw unexpectedWord(command, word);
      const [name, spec] = next;
      if (isNamePart(spec, word, values[name])) {
        named = { arg: name, isList: spec.kind === "whos", text: readNameWord(command, word) };
        // A list has only one name, and it is read to the end of the words.
        positionals.shift();
        continue;
      }
      values[name] = readPositional(command, spec, word, values[name]);
      // The last one may be a list of all words that are left.
      if (spec.kind !== "rest" && spec.kind !== "words" && spec.kind !== "whos") positionals.shift();
      continue;
    }
    const [typed, inline] = splitOnce(word.slice(dashes.length), "=");
    const flag = dashes === "-" ? undefined : flags.get(typed.toLowerCase());
    if (flag === undefined) throw unknownFlag(command, dashes === "-" ? "-" : "--", typed, [...flags.keys()]);
    if (flag.spec.kind === "switch") {
      if (inline !== undefined)
        throw usageError(command, `--${typed} stands alone: leave out "=${unescapeSlack(inline)}".`);
      values[flag.name] = true;
      continue;
    }
    const words = readText(flag.spec, inline, rest, [...flags.keys()]);
    if (words === "") throw usageError(command, `--${typed} needs some words after it.`);
    if (values[flag.name] !== undefined) throw usageError(command, `--${typed} is given twice.`);
    values[flag.name] = unescapeSlack(words);
  }
  const missing = Object.entries(command.args).find(
    ([name, spec]) =>
      "required" in spec && spec.required && values[name] === undefined && name !== named?.arg,
  );
  if (missing !== undefined) {
    const [name, spec] = missing;
    const shown = spec.kind === "text" ? `--${flagName(name)}` : `<${name}>`;
    throw usageError(command, `${shown} is missing: ${spec.summary}.`);
  }
  if (named === null) return { name: null, args: values as Args<Specs> };
  const { arg, isList, text } = named;
  if (isTooShort(text)) {
    throw usageError(command, `Can't search for "${text}": type at least two letters of the name or email.`);
  }
  return { name: text, withUser: (who) => ({ ...values, [arg]: isList ? [who] : who }) as Args<Specs> };
}

/** A name in place of the argument `arg`. */
interface Named {
  arg: string;
  isList: boolean;
  text: string;
}

/** A name may have several words, where no other argument needs them. */
function goesOn({ isList }: Named, next: ArgSpec | undefined): boolean {
  return isList || next === undefined || (next.kind === "word" && !next.required);
}

/** Whether a word is a name, or a part of an email: what can't be read as a `<who>` and could be searched for. */
function isNamePart(spec: ArgSpec, word: string, before: unknown): boolean {
  if (spec.kind === "whos") {
    const isFirst = !Array.isArray(before) || before.length === 0;
    return isFirst && !/[,;]/.test(word) && parseWho(word) === null;
  }
  return spec.kind === "who" && parseWho(word) === null;
}

/** @throws UserError for what is no part of a name: another address, or a channel, group or link of Slack's. */
function readNameWord(command: Command, word: string): string {
  const text = unescapeSlack(word);
  if (word.startsWith("<")) throw usageError(command, `"${text}" is not a person.`);
  if (parseWho(word) !== null) {
    throw usageError(command, `Can't search for a name beside ${text}: several people need an email each.`);
  }
  // Slack leaves @mallory as it is where it knows no one of that name.
  return text.replace(/^@/, "");
}

function isTooShort(name: string): boolean {
  return name.replaceAll(/[^\p{L}\p{N}]/gu, "").length < 2;
}

function readPositional(command: Command, spec: ArgSpec, word: string, before: unknown): unknown {
  if (spec.kind === "words") return [...(Array.isArray(before) ? before : []), unescapeSlack(word)];
  if (spec.kind === "rest")
    return typeof before === "string" ? `${before} ${unescapeSlack(word)}` : unescapeSlack(word);
  if (spec.kind === "subject" && isRequestId(word)) return { kind: "request", id: word.toUpperCase() };
  if (spec.kind === "whos") {
    const named = Array.isArray(before) ? (before as Who[]) : [];
    // After the first, a word that is no address at all was meant for something else: a reason, mostly.
    if (named.length > 0 && !/[^@]@/.test(word) && parseWho(word) === null)
      throw unexpectedWord(command, word);
    const parts = word.split(/[,;]+/).filter((part) => part !== "");
    return [...named, ...parts.map((part) => readWho(command, spec, part))];
  }
  if (spec.kind !== "who" && spec.kind !== "subject") return unescapeSlack(word);
  return readWho(command, spec, word);
}

function readWho(command: Command, { summary }: ArgSpec, word: string): Who {
  const who = parseWho(word);
  if (who !== null) return who;
  const shown = unescapeSlack(word);
  throw usageError(
    command,
    shown.includes("@")
      ? `Can't read "${shown}" as an email address.`
      : `Can't read "${shown}" as ${summary}.`,
  );
}

/** Phones make one long dash of two hyphens. */
const DASHES = /^[-—–]+/;

/**
 * What stands after a flag, taken from the words that are left: they go on until the next flag, so that a reason needs
 * no quotes on a phone.
 */
function readText(
  spec: ArgSpec,
  inline: string | undefined,
  rest: string[],
  known: readonly string[],
): string {
  const before = compact(inline);
  const room = spec.kind === "text" && spec.takes !== undefined ? 1 - before.length : rest.length;
  const end = rest.findIndex((word) => endsText(word, known));
  return [...before, ...rest.splice(0, Math.min(room, end === -1 ? rest.length : end))].join(" ").trim();
}

/**
 * Two hyphens before a letter are always a flag, so that a mistyped one is never taken for a reason. A long dash or
 * a single hyphen is also punctuation: it is one where what follows reads like a flag.
 */
function endsText(word: string, known: readonly string[]): boolean {
  const dashes = DASHES.exec(word)?.[0];
  if (dashes === undefined) return false;
  const [typed] = splitOnce(word.slice(dashes.length).toLowerCase(), "=");
  if (dashes === "-") return known.includes(typed);
  if (dashes.startsWith("--")) return /^\p{L}/u.test(typed);
  return suggest(typed, known) !== undefined;
}

function splitOnce(text: string, mark: string): [string, string | undefined] {
  const at = text.indexOf(mark);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + mark.length)];
}

/** Slack's own markup in typed text, as a person reads it: `<@U1|ann>` is @ann, `&amp;` is &. */
export function unescapeSlack(text: string): string {
  return (
    text
      // Of a channel that the sender's app may not see, Slack gives the id and an empty name.
      .replaceAll(/<([@#])([^|>]+)\|>/g, "$1$2")
      .replaceAll(/<([@#!])([^|>]*)\|([^>]*)>/g, (_all, mark: string, _id, label: string) =>
        // A user group's label brings its own @.
        mark === "!" ? `@${label.replace(/^@/, "")}` : `${mark}${label}`,
      )
      .replaceAll(/<[^|>]*\|([^>]*)>/g, "$1")
      .replaceAll(/<(?:mailto:)?([^>]*)>/g, "$1")
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&amp;", "&")
  );
}

/** The candidate that was probably meant, if one is near enough. */
export function suggest(typed: string, candidates: readonly string[]): string | undefined {
  if (typed === "" || candidates.length === 0) return undefined;
  const nearest = closest(typed, candidates);
  const allowed = Math.min(3, Math.floor(Math.min(typed.length, nearest.length) / 2));
  return distance(typed, nearest) <= allowed ? nearest : undefined;
}

function unknownFlag(command: Command, dashes: string, typed: string, known: readonly string[]): UserError {
  const meant = suggest(typed.toLowerCase(), known);
  return usageError(
    command,
    `${command.name} has no flag ${dashes}${unescapeSlack(typed)}.${meant === undefined ? "" : ` Did you mean --${meant}?`}`,
  );
}

function unexpectedWord(command: Command, word: string): UserError {
  const text = Object.entries(command.args).find(
    ([, spec]) => spec.kind === "text" && spec.takes === undefined,
  )?.[0];
  return usageError(
    command,
    `"${unescapeSlack(word)}" is one word too many.${text === undefined ? "" : ` The ${text} comes after --${flagName(text)}.`}`,
  );
}

function usageError(command: Pick<Command, "name" | "args">, what: string): UserError {
  return new UserError({ what, next: `Usage: /zt ${usageOf(command)}` });
}
