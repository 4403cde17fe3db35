import { MENTIONS, onlyFirst } from "./who-list.ts";
import { parseWho, type Who } from "./who.ts";

/** More are not looked up: a message with more is a list, not a person to investigate. */
export const MAX_SUBJECTS = 10;

/** Slack's limit for a message's text. Its blocks may hold more, which is not searched for names. */
const MAX_TEXT = 40_000;

// A quote before an address is not part of it. Bounded, so that one endless word takes no endless time.
const EMAIL = /[\p{L}\p{N}_][\p{L}\p{N}._%+'-]{0,63}@[\p{L}\p{N}.-]{1,253}\.[\p{L}]{2,63}/gu;
const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi;

/** Everyone a message may be about: emails, ids of Access users and mentions, each once, in order. */
export function findSubjects(text: string): Who[] {
  const read = text.slice(0, MAX_TEXT);
  const found = [MENTIONS, EMAIL, UUID]
    .flatMap((pattern) => [...read.matchAll(pattern)])
    .toSorted((a, b) => a.index - b.index)
    .flatMap(([word]) => parseWho(word) ?? []);
  return onlyFirst(found);
}
