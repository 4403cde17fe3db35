import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Kysely } from "kysely";
import { describe, expect, it, onTestFinished } from "vitest";

import { appendAudit, BOT, readRequestAudit } from "../../src/audit/append.ts";
import { executeRequest } from "../../src/execution/execute.ts";
import { verifyChain } from "../../src/audit/verify.ts";
import type { Config } from "../../src/config.ts";
import { hashPlan, targetsOf, type Plan } from "../../src/requests/plan.ts";
import type { Status } from "../../src/requests/request.ts";
import { readRequest } from "../../src/requests/repository.ts";
import { findSweepWork } from "../../src/requests/sweep-queries.ts";
import { readTargets, type TargetRow, type TargetState } from "../../src/requests/targets.ts";
import { openStore } from "../../src/store/open.ts";
import { postgresDialect } from "../../src/store/pg.ts";
import type { Database } from "../../src/store/schema.ts";
import { createExecution } from "../execution/support.ts";
import { createDatabase, describeWithPostgres } from "../support/postgres.ts";
import type { Dialect } from "./contracts/audit-chain.contract.ts";
import { ALICE, BOB, EVIDENCE, PLAN } from "./fixture.ts";
import { migrateToEighth, openBareSqlite } from "./old-database.ts";

/** What was sent within the last day is kept for the look at approvers' risk: these are of this hour. */
const AT = Date.now() - 3_600_000;
const LONG_AGO = AT - 30 * 86_400_000;

/** What the record holds, in order, each a second after the one before. */
type Event = ["call.sent" | "call.answered" | "call.reconciled", Record<string, unknown>?];
const SENT: Event = ["call.sent", { attempt: 1 }];
const ACCEPTED: Event = ["call.answered", { attempt: 1, ok: true, status: 200, cf_ray: "ray-1" }];
const LIMITED: Event = ["call.answered", { ok: false, error: "rate-limited", status: 429, applied: "no" }];
const SILENT: Event = ["call.answered", { ok: false, error: "timeout", status: null, applied: "maybe" }];
const RECONCILED: Event = ["call.reconciled", { confirmed: true, summary: "0 of 2 sessions remain" }];

const BASELINE = { sessionCount: 2, sessionNonces: ["a", "b"], registrationIds: null };
const RESULT = { before: { baseline: BASELINE, at: AT } };

interface Old {
  status: Status;
  /** About whom, as the old version had them; none: about one user, who had no row of their own. */
  states?: TargetState[];
  record?: Event[];
  result?: unknown;
  startedAt?: number;
}

type Known = Partial<Pick<TargetRow, "attempts" | "sentAt" | "answeredAt" | "baseline" | "outcome">>;
const nothing = { attempts: 0, sentAt: null, answeredAt: null, baseline: null, outcome: {} };
const first = (state: TargetState, known: Known = {}) => [{ state, ...nothing, ...known }];
const accepted = { attempts: 1, sentAt: AT, answeredAt: AT + 1000 };
const receipt = { cfRay: "ray-1", at: AT + 1000 };

/** What was found, and what is known of its first user (or that there is no row) afterwards. */
const CASES: [string, Old, object[]][] = [
  ["nobody has approved", { status: "pending" }, first("waiting")],
  ["is approved", { status: "approved" }, first("waiting")],
  [
    "is executing, with nothing sent",
    { status: "executing", result: RESULT },
    first("waiting", { baseline: BASELINE }),
  ],
  [
    "was sent, without a recorded answer",
    { status: "executing", record: [SENT], result: RESULT },
    first("sending", { attempts: 1, sentAt: AT, baseline: BASELINE }),
  ],
  [
    "was refused for the rate limit: as if it had not been sent",
    { status: "executing", record: [SENT, LIMITED], result: RESULT },
    first("waiting", { attempts: 1, baseline: BASELINE }),
  ],
  [
    "was accepted",
    { status: "executing", record: [SENT, ACCEPTED], result: { ...RESULT, receipt } },
    first("sent", { ...accepted, baseline: BASELINE, outcome: { receipt } }),
  ],
  [
    "had no clear answer",
    { status: "unknown", record: [SENT, SILENT] },
    first("sending", { attempts: 1, sentAt: AT, answeredAt: AT + 1000 }),
  ],
  [
    "had no clear answer, and was sent again without a recorded one",
    { status: "unknown", record: [SENT, SILENT, SENT] },
    first("sending", { attempts: 2, sentAt: AT }),
  ],
  [
    "had no clear answer, and was refused for the rate limit when it was sent again",
    { status: "unknown", record: [SENT, SILENT, SENT, LIMITED] },
    first("sending", { attempts: 2, sentAt: AT, answeredAt: AT + 3000 }),
  ],
  [
    "was cut, and was refused for the rate limit when it was sent again",
    { status: "unknown", record: [SENT, SENT, LIMITED] },
    first("sending", { attempts: 2, sentAt: AT, answeredAt: AT + 2000 }),
  ],
  [
    "was refused for the rate limit, and accepted when it was sent again",
    { status: "executing", record: [SENT, LIMITED, SENT, ACCEPTED] },
    first("sent", {
      attempts: 2,
      sentAt: AT,
      answeredAt: AT + 3000,
      outcome: { receipt: { cfRay: "ray-1", at: AT + 3000 } },
    }),
  ],
  [
    "was seen to have taken effect",
    { status: "unknown", record: [SENT, SILENT, RECONCILED] },
    first("sent", {
      attempts: 1,
      sentAt: AT,
      answeredAt: AT + 2000,
      outcome: { receipt: { cfRay: null, at: AT + 2000 } },
    }),
  ],
  [
    "succeeded an hour ago",
    { status: "succeeded", record: [SENT, ACCEPTED] },
    first("done", { ...accepted, outcome: { receipt } }),
  ],
  [
    "failed an hour ago",
    { status: "failed", record: [SENT, SILENT] },
    first("failed", { attempts: 1, sentAt: AT }),
  ],
  ["was void an hour ago, with nothing sent", { status: "voided" }, first("stopped")],
  ["was over long ago", { status: "succeeded", record: [SENT, ACCEPTED], startedAt: LONG_AGO }, []],
  ["was denied", { status: "denied" }, []],
];

/** The old version noted the first of several as `sending` when its turn came, before anything was sent. */
const noted = { attempts: 1, sentAt: AT + 77 };
const SEVERAL: [string, Old, object[]][] = [
  ["are approved", { status: "approved", states: ["waiting", "waiting"] }, first("waiting")],
  [
    "have begun with the first, and nothing sent",
    { status: "executing", states: ["sending", "waiting"], result: RESULT },
    first("waiting", { baseline: BASELINE }),
  ],
  [
    "have begun with the first, without a recorded answer",
    { status: "executing", states: ["sending", "waiting"], record: [SENT] },
    first("sending", { attempts: 1, sentAt: AT }),
  ],
  [
    "have begun with the first, which was refused for the rate limit",
    { status: "executing", states: ["sending", "waiting"], record: [SENT, LIMITED] },
    first("waiting", { attempts: 1 }),
  ],
  [
    "have begun with the first, which was accepted",
    { status: "executing", states: ["sending", "waiting"], record: [SENT, ACCEPTED], result: RESULT },
    first("sent", { ...accepted, baseline: BASELINE, outcome: { receipt } }),
  ],
  [
    "are in the middle, with the first done",
    {
      status: "executing",
      states: ["done", "sent", "sending", "failed", "waiting"],
      record: [SENT, ACCEPTED],
    },
    first("done", noted),
  ],
];

describe("what is open at the upgrade from the workflow engine, in SQLite", () => {
  it("goes on from the record: each user is where their last call left them", async () => {
    const directory = mkdtempSync(join(tmpdir(), "zt-migrate-"));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const file = join(directory, "zt.db");
    const place = { kind: "sqlite", file, directory } as const;
    expect(await upgrade(openBareSqlite(file), "sqlite", place)).toMatchObject({
      found: EXPECTED,
      ends: ENDS,
    });
  });
});

describeWithPostgres("what is open at the upgrade from the workflow engine, in PostgreSQL", () => {
  it("goes on from the record: each user is where their last call left them", async () => {
    const { url, drop } = await createDatabase();
    onTestFinished(drop);
    const old = new Kysely<Database>({ dialect: postgresDialect(url, 1) });
    expect(await upgrade(old, "postgres", { kind: "postgres", url })).toMatchObject({
      found: EXPECTED,
      ends: ENDS,
    });
  });
});

/** What each of the requests is to become. */
const EXPECTED = [...CASES, ...SEVERAL].map(([what, { status, states = [] }, row]) => ({
  what,
  first: row,
  others: states.slice(1),
  isDue: isOpen(status),
}));

function isOpen(status: Status): boolean {
  return status === "approved" || status === "executing" || status === "unknown";
}

/**
 * How each of those that are open ends, where Cloudflare shows no session: what was not accepted is sent, also after an
 * unclear call, as no session left is no proof that it took effect, and a revocation is urgent.
 */
const ENDS = EXPECTED.filter(({ isDue }) => isDue).map(({ what, first: [user], others }) => ({
  what,
  status: others.includes("failed") ? "failed" : "succeeded",
  sent: [user, ...others.map((state) => ({ state }))].filter(
    (one) => one !== undefined && "state" in one && (one.state === "waiting" || one.state === "sending"),
  ).length,
}));

/** Brings all of them up to date. @returns what each has become, and then how those that are open end. */
async function upgrade(
  old: Kysely<Database>,
  dialect: Dialect,
  place: Config["database"],
): Promise<{ found: object[]; ends: object[] }> {
  await migrateToEighth(old, dialect);
  const made: [string, string][] = [];
  for (const [what, one] of [...CASES, ...SEVERAL]) made.push([await insertOld(old, made.length, one), what]);
  await old.destroy();

  const { db, close } = await openStore(place);
  onTestFinished(() => close());
  expect(await verifyChain(db)).toMatchObject({ ok: true });
  const { toExecute } = await findSweepWork(db, Date.now());
  const found = await Promise.all(
    made.map(async ([id, what]) => {
      const [row, ...others] = await readTargets(db, id);
      return {
        what,
        first: row === undefined ? [] : [row],
        others: others.map(({ state }) => state),
        isDue: toExecute.includes(id),
      };
    }),
  );
  const { deps } = createExecution(db, {
    now: Date.now,
    get: (id) => Promise.resolve({ id, email: PLAN.target.email }),
  });
  const ends: object[] = [];
  for (const [id, what] of made.filter((_, index) => EXPECTED[index]?.isDue === true)) {
    const before = (await readRequestAudit(db, id)).length;
    expect(await executeRequest(deps, id), what).toBeNull();
    const rows = (await readRequestAudit(db, id)).slice(before);
    const sent = rows.filter(({ event }) => event === "call.sent").length;
    ends.push({ what, status: (await readRequest(db, id))?.status, sent });
  }
  return { found, ends };
}

/** How each state was come to, as the record tells it. */
const WAYS: Partial<Record<Status, readonly Exclude<Status, "pending">[]>> = {
  approved: ["approved"],
  denied: ["denied"],
  executing: ["approved", "executing"],
  unknown: ["approved", "executing", "unknown"],
  succeeded: ["approved", "executing", "succeeded"],
  failed: ["approved", "executing", "failed"],
};

async function insertOld(db: Kysely<Database>, index: number, old: Old): Promise<string> {
  const { status, states = [], record = [], result, startedAt = AT } = old;
  const id = `ZT-${String(index).padStart(7, "0")}`;
  const target = (position: number) => ({ ...PLAN.target, id: `${id}-${position}` });
  const others = states.slice(1).map((_, position) => target(position + 1));
  const options = { devices: false, warpReauth: false, ...(others.length === 0 ? {} : { others }) };
  const plan = { ...PLAN, target: target(0), options } as Plan;
  const isDecided = status !== "pending";
  const hasStarted = isDecided && status !== "approved" && status !== "denied";
  const row = {
    id,
    team_id: "T0SANDBOX",
    action: plan.action,
    plan: JSON.stringify(plan),
    plan_hash: hashPlan(plan),
    evidence: JSON.stringify(EVIDENCE),
    target_id: plan.target.id,
    target_email: plan.target.email,
    requester_id: ALICE,
    origin_channel: "C0SECURE1",
    reason: "stolen",
    status,
    result: result === undefined ? null : JSON.stringify(result),
    created_at: AT,
    expires_at: Date.now() + 3_600_000,
    decided_at: isDecided ? AT : null,
    decided_by: isDecided ? BOB : null,
    started_at: hasStarted ? startedAt : null,
    votes: isDecided ? JSON.stringify([{ by: BOB, at: AT }]) : "[]",
    vote_count: isDecided ? 1 : 0,
    once: 1,
    version: 1,
    card_version: 0,
    card_channel: "C0APPROV1",
  };
  await db.insertInto("requests").values(row).execute();
  const about = { teamId: row.team_id, requestId: id, at: AT };
  const created = { plan, plan_hash: row.plan_hash, reason: row.reason, expires_at: row.expires_at };
  await appendAudit(db, { ...about, actor: ALICE, event: "request.created", data: created });
  for (const state of WAYS[status] ?? [])
    await appendAudit(db, {
      ...about,
      actor: BOB,
      event: `request.${state}`,
      data: { plan_hash: row.plan_hash },
    });
  const users = targetsOf(plan);
  for (const [position, state] of states.entries()) {
    const { id: target_id, email, name } = users[position] ?? plan.target;
    const sent = state === "waiting" ? { attempts: 0, sent_at: null } : { attempts: 1, sent_at: AT + 77 };
    const rowOf = { request_id: id, position, target_id, email, name, state, due_at: 0, ...sent };
    await db.insertInto("request_targets").values(rowOf).execute();
    // What was recorded of the others tells nothing of the first.
    if (position > 0 && state === "sent") await write(db, id, target_id, 500, ACCEPTED);
  }
  for (const [position, event] of record.entries())
    await write(db, id, plan.target.id, position * 1000, event);
  return id;
}

async function write(
  db: Kysely<Database>,
  requestId: string,
  target_id: string,
  afterMs: number,
  [event, data]: Event,
): Promise<void> {
  await appendAudit(db, { at: AT + afterMs, requestId, actor: BOT, event, data: { target_id, ...data } });
}
