import type { FoundMany } from "../lookup/many.ts";
import { EMPTY_LIST } from "../lookup/who.ts";
import { UserError } from "../errors.ts";
import { plural } from "../pluralize.ts";
import type { Target } from "../requests/plan.ts";

/**
 * Of several users, some are not known: nobody is asked before whoever asks has seen which. It carries those who
 * are, so that one can go on without the others.
 */
export class UnknownUsersError extends UserError {
  /** Each with the reason, as plain text. */
  readonly unknown: readonly string[];
  readonly found: readonly Target[];

  constructor(unreadable: readonly string[], { users, unknown, ambiguous }: FoundMany) {
    const named = [
      ...unknown.map((who) => `${who}: not an Access user`),
      ...ambiguous.map(
        ({ email, ids }) =>
          `${email}: ${ids.length} Access users have it: name one by id (${ids.join(", ")})`,
      ),
      ...unreadable.map((word) => `${word}: not an email address`),
    ];
    const total = named.length + users.length;
    super({
      what: `${named.length} of ${plural(total, "name")} ${named.length === 1 ? "is" : "are"} not an Access user's: nobody has been asked yet.`,
      ...(users.length === 0 && unknown.length > 0 ? { why: EMPTY_LIST } : {}),
      next:
        users.length === 0
          ? "Check the spelling: none of them is known."
          : `Fix them, or go on without them: the other ${users.length === 1 ? "one is" : `${users.length} are`} known.`,
    });
    this.unknown = named;
    this.found = users.map(({ id, email, name }) => ({ id, email, name }));
  }
}
