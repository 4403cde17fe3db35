import { z } from "zod";

import { orNull } from "../api/errors.ts";
import type { AccessUser, CallOptions, Cloudflare } from "../api/cloudflare.ts";
import { UserError } from "../errors.ts";
import type { Directory } from "../slack/directory.ts";

/** The ways to say for certain who is meant: see parseWho. A name is none of them: see candidates.ts. */
export type Who =
  | { kind: "email"; email: string }
  | { kind: "id"; id: string }
  | { kind: "mention"; userId: string };

/** A person, or a request by its id. */
export type Subject = Who | { kind: "request"; id: string };

/** Access lists have been seen to answer a token without the permission with an empty list. */
export const EMPTY_LIST = "Or the API token lacks “Access: Audit Logs Read”.";

const MENTION = /^<@([UW][A-Z0-9]{2,})(?:\|[^>]*)?>$/;
const MAILTO = /^<mailto:([^|>]+)(?:\|[^>]*)?>$/i;
// Cloudflare takes any address that the identity provider sends, such as jürgen@… or a/b@…: so no narrower than that.
const Email = z.email({ pattern: /^[^\s@"<>,;:]{1,64}@[^\s@"<>,;:]+\.[^\s@"<>,;:.]{2,}$/u });
const Uuid = z.guid();

/**
 * Reads `<who>`: an email address (bare or as Slack links it, `<mailto:a@b|a@b>`), an Access user's UUID or a Slack
 * mention (`<@U012|name>`).
 * @returns null when it is none of these.
 */
export function parseWho(word: string): Who | null {
  const mention = MENTION.exec(word)?.[1];
  if (mention !== undefined) return { kind: "mention", userId: mention };
  // Phones type ’ for the apostrophe of miles.o'brien@example.com, and no address has the former.
  const text = (MAILTO.exec(word)?.[1] ?? word).trim().replaceAll("’", "'");
  if (Uuid.safeParse(text).success) return { kind: "id", id: text.toLowerCase() };
  if (text.length <= 254 && Email.safeParse(text).success) return { kind: "email", email: text };
  return null;
}

/** No Access user has this email address. */
export class UnknownEmailError extends UserError {
  readonly email: string;

  /** `isPartial`: similar addresses were looked for, and a part of that failed. */
  constructor(email: string, { isPartial = false } = {}) {
    super({
      what: `No Access user has the email ${email}.`,
      why: `They have never signed in to Access or WARP in this account, or were removed. ${EMPTY_LIST}`,
      next: `Check the spelling${isPartial ? ": similar addresses are unknown, as Cloudflare did not answer" : ""}. /zt users searches by name.`,
    });
    this.email = email;
  }
}

/** Several Access users have this email address, in different capitals for example. */
export class SharedEmailError extends UserError {
  readonly email: string;
  readonly users: readonly AccessUser[];

  constructor(email: string, users: readonly AccessUser[]) {
    const ids = users.slice(0, MAX_IDS).map((one) => one.id);
    super({
      what: `${users.length} Access users have the email ${email}.`,
      why: `Their ids: ${ids.join(", ")}${users.length > MAX_IDS ? " …" : ""}.`,
      next: "Use the id of the one you mean.",
    });
    this.email = email;
    this.users = users;
  }
}

const MAX_IDS = 5;

/**
 * Finds the Access user meant.
 * @throws UnknownEmailError, SharedEmailError; UserError when there is no such id, or a mention has no email address.
 */
export async function findUser(
  cloudflare: Cloudflare,
  directory: Directory,
  who: Who,
  call?: CallOptions,
): Promise<AccessUser> {
  switch (who.kind) {
    case "id":
      return getUser(cloudflare, who.id, call);
    case "email":
      return findByEmail(cloudflare, who.email, call);
    case "mention": {
      const person = await directory.person(who.userId);
      if (person === null || person.email === null) {
        throw new UserError({
          what: "That mention can't be looked up.",
          why:
            person === null
              ? "Slack does not know that person."
              : "Slack does not show their email address: they may be a guest, a bot or from another organization.",
          next: "Use their email address instead.",
        });
      }
      return findByEmail(cloudflare, person.email, call);
    }
  }
}

/** The Access user with this id. @throws UserError when there is none. */
export async function getUser(cloudflare: Cloudflare, id: string, call?: CallOptions): Promise<AccessUser> {
  const user = await orNull(cloudflare.accessUsers.get(id, call));
  if (user !== null) return user;
  throw new UserError({
    what: `No Access user has the id ${id}.`,
    why: "It may be the id of something else (a device, a seat, an identity), or the user was removed.",
    next: "Try the email address.",
  });
}

async function findByEmail(cloudflare: Cloudflare, email: string, call?: CallOptions): Promise<AccessUser> {
  const users = await cloudflare.accessUsers.findByEmail(email, call);
  const [user] = users;
  if (user === undefined) throw new UnknownEmailError(email);
  if (users.length > 1) throw new SharedEmailError(email, users);
  return user;
}
