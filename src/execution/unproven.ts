import { BOT } from "../audit/append.ts";
import { voidAs } from "../approvals/click.ts";
import { changeRequest } from "../requests/change.ts";
import type { Lease } from "../requests/lease.ts";
import { findContradictions, readProof, recordedEnd, wasCalled, type ProofRow } from "../requests/proof.ts";
import type { Request } from "../requests/request.ts";
import { changeTarget, countTargets, isUntouched, readTargets } from "../requests/targets.ts";
import { moveRequest, restoreEnd } from "../requests/transition.ts";
import type { PersonDeps } from "./person.ts";

export const UNPROVEN = {
  why: "The database was changed behind zt-bot's back: this request is not what the record proves",
  next: "Ask again. The people who run zt-bot have to find out who wrote to the database: npm run audit -- verify.",
};

/** What the tables say of a request and the record does not, before anything of it is taken up; none: all is proved. */
export async function findUnproven(
  { db }: Pick<PersonDeps, "db">,
  request: Request,
): Promise<{ findings: string[]; isTold: boolean }> {
  const rows = await readProof(db, request.id);
  const findings = findContradictions(request, rows);
  const isBegun = request.status !== "approved" || isUntouched(await countTargets(db, request.id));
  if (!isBegun) findings.push("somebody of it stands as called for, and it was not begun");
  return { findings, isTold: isTold(rows) };
}

function isTold(rows: readonly ProofRow[]): boolean {
  return rows.some(({ event }) => event === "request.unproven");
}

/**
 * Ends a request that the record does not prove: told once, in the log, the record, the thread and the approvals channel.
 * What ended before ends so again; what was never called for becomes void.
 * @returns false where something was sent: that has to be looked into first.
 */
export async function endUnproven(
  deps: PersonDeps,
  lease: Lease,
  request: Request,
  findings: readonly string[],
): Promise<boolean> {
  const { db, log, now } = deps;
  const { id } = request;
  const rows = await readProof(db, id);
  const at = now();
  const where = lease.isHeld;
  if (!isTold(rows)) {
    log.error({ requestId: id, findings }, "the database was changed behind zt-bot's back: nothing is sent");
    const data = { kind: "unproven", at, findings } as const;
    await changeRequest(db, {
      id,
      at,
      where,
      actor: BOT,
      event: "request.unproven",
      data: { findings },
      posts: [
        { key: "unproven", surface: "thread", data },
        { key: "unproven-alarm", surface: "channel", data },
      ],
    });
  }
  const end = recordedEnd(rows);
  const ended =
    end === null
      ? await voidUncalled(deps, lease, request)
      : await restoreEnd(db, id, { to: end, at, where });
  if (ended !== null) deps.publish(ended);
  return ended !== null;
}

/** Whatever the users' rows say: by the record nobody was called for. */
async function voidUncalled(
  { db, now }: PersonDeps,
  { isHeld }: Lease,
  { id, status }: Request,
): Promise<Request | null> {
  if (await wasCalled(db, id)) return null;
  const open = await readTargets(db, id, { states: ["waiting", "sending", "sent"] });
  return db.transaction().execute(async (trx) => {
    const ended = await moveRequest(trx, id, {
      ...voidAs(UNPROVEN, now()),
      // An unclear call is never void; there was none, but its state says so.
      ...(status === "unknown" ? { to: "failed" as const } : {}),
      where: isHeld,
      actor: BOT,
      data: { why: UNPROVEN.why },
    });
    if (ended === null) return null;
    for (const { position, state } of open)
      await changeTarget(trx, id, {
        position,
        from: [state],
        set: { state: "stopped", note: "never called for" },
      });
    return ended;
  });
}
