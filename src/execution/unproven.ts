import { BOT } from "../audit/append.ts";
import { voidAs } from "../approvals/click.ts";
import { changeRequest, type Writer } from "../requests/change.ts";
import { LeaseLostError, type Lease } from "../requests/lease.ts";
import { findContradictions, readProof, recordedState, wasCalled, type ProofRow } from "../requests/proof.ts";
import type { NewPost } from "../requests/posts.ts";
import { isFinal, type Request, type Status } from "../requests/request.ts";
import { changeTarget, countTargets, readTargets } from "../requests/targets.ts";
import { moveRequest, restoreState } from "../requests/transition.ts";
import type { Db } from "../store/open.ts";
import { transact } from "../store/transact.ts";
import type { PersonDeps } from "./person.ts";

export const UNPROVEN = {
  why: "The database was changed from outside zt-bot: the audit record does not prove this request",
  next: "Request it again. The people who run zt-bot find out who wrote to the database: npm run audit -- verify.",
};

const SUMMARY_POST: NewPost = { key: "summary", surface: "thread", data: { kind: "summary" } };
const OUTCOME_POST: NewPost = { key: "outcome", surface: "dm", data: { kind: "outcome" } };

/** What the tables say of a request and the record does not, before anything of it is taken up; none: all is proved. */
export async function findUnproven(
  { db, now }: Pick<PersonDeps, "db" | "now">,
  { request, isHeld }: Lease,
): Promise<Unproven> {
  const seen = await compare(db, request);
  if (seen.findings.length === 0) return seen;
  // Someone may have clicked between the two reads. Once more, while no one can change the one or add to the other.
  return transact(db, async (trx) => {
    const locked = await changeRequest(trx, { id: request.id, at: now(), where: isHeld, isShown: false });
    if (locked === null) throw new LeaseLostError(request.id);
    return compare(trx, locked);
  });
}

interface Unproven {
  findings: string[];
  /** Everyone was told of it before. */
  isTold: boolean;
}

async function compare(db: Writer, request: Request): Promise<Unproven> {
  const rows = await readProof(db, request.id);
  const findings = findContradictions(request, rows);
  if (request.status !== "approved") return { findings, isTold: isTold(rows) };
  const { sending, sent, done, failed } = await countTargets(db, request.id);
  // Before the first call it may turn out that there is no one to send it for: that is recorded.
  if (sending + sent + done > 0 || (failed > 0 && !(await wasChecked(db, request.id))))
    findings.push("a user of it stands as called for, and it was not begun");
  return { findings, isTold: isTold(rows) };
}

async function wasChecked(db: Writer, requestId: string): Promise<boolean> {
  const row = await db
    .selectFrom("audit")
    .select("seq")
    .where("request_id", "=", requestId)
    .where("event", "=", "target.checked")
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
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
    log.error({ requestId: id, findings }, "the database was changed from outside zt-bot: nothing is sent");
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
  const state = recordedState(rows);
  const isOver = state !== undefined && isFinal(state);
  if (!isOver && (await wasCalled(db, id))) {
    // From there it comes to an end; nothing that was sent is looked into of one that was only approved.
    if (state !== undefined && state !== request.status) await restoreState(db, id, { to: state, at, where });
    return false;
  }
  const ended = isOver
    ? await restoreState(db, id, { to: state, at, where })
    : await endUncalled(deps, lease, request, await mayBeArchived(db, state));
  if (ended !== null) deps.publish(ended);
  return ended !== null;
}

/** What the record does not tell of, where its first rows are in an archive. */
async function mayBeArchived(db: Db, state: Status | undefined): Promise<boolean> {
  if (state !== undefined) return false;
  const first = await db.selectFrom("audit").select("seq").orderBy("seq").limit(1).executeTakeFirst();
  return first !== undefined && first.seq > 1;
}

/**
 * Whatever the users' rows say: by the record no one was called for, and the request is void. Where an archive may say
 * more, it is not claimed that nothing was done.
 */
async function endUncalled(
  { db, now }: PersonDeps,
  { isHeld }: Lease,
  { id, status, result }: Request,
  isArchived: boolean,
): Promise<Request | null> {
  const unseen = { confirmed: false, summary: "could not be checked", notes: [], checkedAt: now() };
  const open = await readTargets(db, id, { states: ["waiting", "sending", "sent"] });
  return transact(db, async (trx) => {
    const ended = await moveRequest(trx, id, {
      ...voidAs(UNPROVEN, now()),
      // An unclear call is never void; there was none, but its state says so.
      ...(status === "unknown" ? { to: "failed" as const } : {}),
      ...(isArchived
        ? {
            to: "failed" as const,
            result: { ...result, verification: unseen, failure: UNPROVEN },
            posts: [SUMMARY_POST, OUTCOME_POST],
          }
        : {}),
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
