import type { FoundMany } from "../lookup/many.ts";
import { EMPTY_LIST } from "../lookup/who.ts";
import { UserError } from "../errors.ts";
import { plural } from "../pluralize.ts";
import type { Target } from "../requests/plan.ts";

/** A name that is not one Access user's, as it was typed, and the reason. Plain text. */
export interface NotFound {
  name: string;
  why: string;
}

/** What of several names is no Access user, or more than one. */
export function notFoundOf(
  unreadable: readonly string[],
  { unknown, ambiguous }: Pick<FoundMany, "unknown" | "ambiguous">,
): NotFound[] {
  return [
    ...unknown.map((name) => ({ name, why: "not an Access user" })),
    ...ambiguous.map(({ email, ids }) => ({
      name: email,
      why: `${ids.length} Access users have it: use an id (${ids.join(", ")})`,
    })),
    ...unreadable.map((name) => ({ name, why: "not an email address" })),
  ];
}

/**
 * Of several users, some were not found: nothing is requested before the requester has seen which. It carries those who
 * were, so that a request can go on without the others.
 */
export class UnknownUsersError extends UserError {
  readonly notFound: readonly NotFound[];
  readonly found: readonly Target[];

  constructor(notFound: readonly NotFound[], { users, unknown }: FoundMany) {
    const total = notFound.length + users.length;
    super({
      what: `${notFound.length} of ${plural(total, "name")} ${notFound.length === 1 ? "was" : "were"} not found. Nothing was requested yet.`,
      ...(users.length === 0 && unknown.length > 0
        ? { why: `They may never have signed in to this account. ${EMPTY_LIST}` }
        : {}),
      next:
        users.length === 0
          ? "Check the spelling."
          : `Fix ${notFound.length === 1 ? "it" : "them"}, or go on with the ${users.length === 1 ? "one that was" : `${users.length} that were`} found.`,
    });
    this.notFound = notFound;
    this.found = users.map(({ id, email, name }) => ({ id, email, name }));
  }
}
