import { authorise } from "../commands/authorise.ts";
import { lookUpButtons, offerInstead } from "../commands/offer-users.ts";
import type { Registry } from "../commands/registry.ts";
import type { Asker, Deps } from "../deps.ts";
import { UserError } from "../errors.ts";
import type { AccessUser } from "../api/cloudflare.ts";
import { findSubjects, MAX_SUBJECTS } from "../lookup/subjects.ts";
import { whoText } from "../lookup/who-list.ts";
import { findUser, SharedEmailError, type Who } from "../lookup/who.ts";
import type { Message } from "../views/blocks.ts";
import { chooseSubject } from "../views/investigate.ts";

/** The message shortcut: the people whom the message names, looked up; a choice where it names several. */
export async function investigate(
  registry: Registry,
  deps: Deps,
  asker: Asker,
  text: string,
): Promise<Message> {
  await authorise({ deps, asker }, { name: "user", role: "viewer" });
  const subjects = findSubjects(text);
  if (subjects.length === 0) {
    throw new UserError({
      what: "This message names no one.",
      why: "It holds no email address, Access user id or mention.",
      next: "Type /zt user and the email address.",
    });
  }
  const looked = await Promise.all(subjects.slice(0, MAX_SUBJECTS).map((who) => lookUp(deps, who)));
  const [only] = looked;
  if (looked.length === 1 && only?.error !== undefined) {
    const buttons = (users: readonly AccessUser[]) => Promise.resolve(lookUpButtons("user", users));
    return offerInstead(only.error, { context: { deps }, buttons });
  }
  const found = looked.flatMap((one) => one.users);
  const [first, ...others] = new Map(found.map((user) => [user.id, user])).values();
  if (first === undefined) {
    throw new UserError({
      what: "No one in this message is an Access user.",
      why: `Looked for: ${looked.map((one) => one.name).join(", ")}.`,
      next: "They may use another address; /zt users searches by name.",
    });
  }
  if (others.length === 0) {
    const message = await registry.find("user")?.screen?.(deps, { user: first.id }, asker);
    if (message !== undefined) return message;
  }
  const unknown = looked.filter((one) => one.users.length === 0).map((one) => one.name);
  return chooseSubject([first, ...others], unknown, Math.max(0, subjects.length - MAX_SUBJECTS));
}

/** Where the words of a message stand: alerts of other apps often have theirs in blocks and attachments only. */
const WORDS: ReadonlySet<string> = new Set(["text", "fallback", "pretext", "title", "value"]);

/** All the words of a message as Slack sends it. */
export function wordsOf(message: Readonly<Record<string, unknown>>): string {
  return collectWords([message["text"], message["blocks"], message["attachments"]]).join("\n");
}

function collectWords(node: unknown): string[] {
  if (typeof node === "string") return [node];
  if (Array.isArray(node)) return node.flatMap(collectWords);
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) =>
    typeof value === "string" && !WORDS.has(key) ? [] : collectWords(value),
  );
}

async function lookUp(
  { cloudflare, directory }: Deps,
  who: Who,
): Promise<{ name: string; users: readonly AccessUser[]; error?: UserError }> {
  const name =
    who.kind === "mention" ? `@${(await directory.person(who.userId))?.name ?? who.userId}` : whoText(who);
  try {
    return { name, users: [await findUser(cloudflare, directory, who)] };
  } catch (error) {
    if (error instanceof SharedEmailError) return { name, users: error.users, error };
    if (!(error instanceof UserError)) throw error;
    return { name, users: [], error };
  }
}
