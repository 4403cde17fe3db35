import { clockOf } from "./clock.ts";
import type { Db } from "./open.ts";

/** What replicas take turns at; the name of the row that says when it was done last. */
export type Turn = "card-watch" | "pruning";

/** The timer of a process that is alone may come a little early. */
const AT_LEAST = 0.9;

/**
 * Of the replicas that ask within `everyMs`, one is told yes: see clockOf for whose time that is. `now`: the process's,
 * epoch milliseconds.
 */
export async function takeTurn(db: Db, name: Turn, now: number, everyMs: number): Promise<boolean> {
  const at = clockOf(db, now);
  const row = await db
    .insertInto("switches")
    .values({ name, data: "{}", at })
    .onConflict((conflict) =>
      conflict
        .column("name")
        .doUpdateSet({ at })
        .where((eb) =>
          eb.or([
            eb("switches.at", "<=", clockOf(db, now, -Math.floor(AT_LEAST * everyMs))),
            // That clock was put back.
            eb("switches.at", ">", at),
          ]),
        ),
    )
    .returning("name")
    .executeTakeFirst();
  return row !== undefined;
}
