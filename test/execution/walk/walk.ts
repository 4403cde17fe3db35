import { ErrorCode } from "@slack/web-api";
import { expect } from "vitest";

import { readRequestAudit } from "../../../src/audit/append.ts";
import { takeDecision, type Decision } from "../../../src/approvals/click.ts";
import type { ApproverRisk } from "../../../src/approvals/eligibility.ts";
import type { Standing } from "../../../src/approvals/facts.ts";
import type { Deps } from "../../../src/deps.ts";
import { UserError } from "../../../src/errors.ts";
import { createReadAhead } from "../../../src/execution/ahead.ts";
import { executeRequest, type ExecutionDeps } from "../../../src/execution/execute.ts";
import { createLogger } from "../../../src/log/log.ts";
import { parsePolicy, type Policy } from "../../../src/policy-file.ts";
import { pause, resume } from "../../../src/requests/pause.ts";
import { targetsOf, type Plan, type Target } from "../../../src/requests/plan.ts";
import { insertRequest, readRequest } from "../../../src/requests/repository.ts";
import { isFinal, type Request } from "../../../src/requests/request.ts";
import { readTargets } from "../../../src/requests/targets.ts";
import { stopRequest } from "../../../src/requests/transition.ts";
import { isSlackFailure } from "../../../src/slack/clients.ts";
import type { Person } from "../../../src/slack/directory.ts";
import type { Db } from "../../../src/store/open.ts";
import { newRequest, NOW } from "../../store/fixture.ts";
import { createFakeCloudflare, NEW_NAME } from "./fake-cloudflare.ts";
import { createGate, type Gate } from "./gate.ts";
import { FEW_SECONDS_MS, judgeChange, judgeClaims, judgePermit, judgeRecord, judgeWrite } from "./judge.ts";
import {
  ANNA,
  ASKER,
  HOME,
  IDS,
  TARGET,
  type Event,
  type Kind,
  type Move,
  type PolicyNow,
  type Someone,
  type Start,
  type Turn,
} from "./moves.ts";

/** Where a walk came to, to see that walks lead somewhere. */
export interface Trace {
  status: Request["status"];
  writes: number;
}

/** Longer than a lease. */
const LAPSE_MS = 31_000;
/** Once nothing is in the way any longer, a request is over after so many turns. */
const MAX_TURNS = 100;

const log = createLogger("silent");
let walks = 0;

interface World {
  now: number;
  people: Record<string, Someone>;
  policy: PolicyNow;
}

/** One version of the people and the policy, in force from `at` to the next one. */
interface Version extends Omit<World, "now"> {
  at: number;
}

/** Everything is real but Slack, Cloudflare and the time: the database, the policy, every rule and every write. */
export async function walk(db: Db, start: Start, moves: readonly Move[]): Promise<Trace> {
  walks += 1;
  const { kind } = start;
  const world: World = { now: NOW, people: { ...start.people }, policy: start.policy };
  const history: Version[] = [];
  const slackAnswers: boolean[] = [];
  let slackFailedAt = Number.NEGATIVE_INFINITY;
  const plan = planOf(kind);
  const targets = targetsOf(plan);
  const cloudflare = createFakeCloudflare(kind, targets, () => world.now);
  cloudflare.lagMs = start.lagMs;
  /** Whoever carries it out does so in the process of the click. */
  const readAhead = createReadAhead({
    cloudflare: cloudflare.clientFor({
      run: 0,
      pass: () => Promise.resolve(),
      aboutToWrite: () => Promise.reject(new Error("nothing is sent at a click")),
    }),
    now: () => world.now,
  });
  const changedByOthers = new Set<string>();
  const frozen: { gate: Gate; done: Promise<number | null> }[] = [];
  const openTransactions = new Set<{ since: number }>();
  let runs = 0;
  let before: Request | null = null;

  function note(): void {
    history.push({ at: world.now, people: { ...world.people }, policy: world.policy });
  }
  note();
  if (start.isApproved) {
    for (const id of IDS) world.people[id] = { flaw: "none", approverRisk: "fine" };
    world.policy = { ...world.policy, approvers: [...IDS] };
    note();
  }

  const head = await db.selectFrom("audit_head").select("seq").executeTakeFirstOrThrow();
  await resume(db, killSwitch("", NOW));
  const { id } = await insertRequest(
    db,
    newRequest({ plan, requesterId: ASKER, teamId: HOME, posts: [], isProtected: start.isProtected }),
  );
  let lastSeq = head.seq;

  function killSwitch(reason: string, at: number) {
    return { by: ANNA, teamId: HOME, reason, at, auditContext: {} };
  }

  function createDeps(skewMs: number, pass: () => Promise<void> = () => Promise.resolve()) {
    const now = () => world.now + skewMs;
    async function askSlack<T>(answer: () => T): Promise<T> {
      await pass();
      if (slackAnswers.shift() !== false) return answer();
      slackFailedAt = world.now;
      throw Object.assign(new Error("slow down"), { code: ErrorCode.RateLimitedError, retryAfter: 1 });
    }
    return {
      log,
      now,
      db,
      homeTeamId: HOME,
      policy: {
        current: () => readPolicy(world.policy, targets),
        hash: () => JSON.stringify(world.policy),
        reload: () => [],
      },
      approverRisk: async (email: string) => {
        await pass();
        const known = world.people[IDS.find((one) => emailOf(one, targets) === email) ?? ""];
        return known === undefined ? { kind: "fine" } : riskOf(known);
      },
      directory: {
        person: (userId: string) =>
          askSlack(() => {
            const known = world.people[userId];
            return known === undefined ? null : personOf(userId, known, targets);
          }),
        members: (principals: readonly string[]) => askSlack(() => new Set(principals)),
        last: {
          email: (userId: string) => emailOf(userId, targets),
          isAmong: (userId: string, principals: readonly string[]) => principals.includes(userId),
        },
        unknownGroups: () => askSlack(() => []),
        findByEmail: () => askSlack(() => null),
      },
      engine: {
        publish: () => {},
        execute: (request: Request, judgedBy?: Standing) => {
          if (judgedBy !== undefined) readAhead.judged(request, judgedBy);
        },
        readAhead: (request: Request) => readAhead.begin(request),
      },
      readAhead,
      publish: () => {},
      toldAt: new Map(),
      paces: new Map(),
      unrecorded: new Map(),
      isStopping: () => false,
      verifyDelaysMs: [1000, 10_000, 60_000],
    };
  }

  /** Every permit given since the last look at the record. */
  async function readPermits(since: number): Promise<() => void> {
    const rows = await db
      .selectFrom("audit")
      .select(["seq", "at", "data"])
      .where("request_id", "=", id)
      .where("event", "=", "call.sent")
      .where("seq", ">", lastSeq)
      .execute();
    if (rows.length === 0) return () => {};
    const request = await mustRead();
    return () => {
      for (const { seq, at, data } of rows) {
        lastSeq = Math.max(lastSeq, seq);
        const recently = at - FEW_SECONDS_MS;
        const people = history.filter((_, index) => (history[index + 1]?.at ?? Infinity) >= recently);
        const { target_id } = JSON.parse(data) as { target_id: string };
        judgePermit({
          kind,
          request,
          position: targets.findIndex((one) => one.id === target_id),
          policies: history.slice(since).map(({ policy }) => policy),
          people: people.map((one) => one.people),
          isSlackDown: slackFailedAt >= recently,
        });
      }
    };
  }

  /** A replica looks for work: until it has done what there is, or stands still. */
  async function execute({ isForced, skewMs, fates, during }: Turn): Promise<number | null> {
    runs += 1;
    const run = runs;
    let token: number | null = null;
    const violation = Promise.withResolvers<never>();
    /** What is thrown inside would be taken for an error of the code's own. */
    function strictly(check: () => void): void {
      try {
        check();
      } catch (error) {
        violation.reject(error);
      }
    }
    const gate = createGate({
      db,
      fates,
      during: during === null ? null : { step: during.step, happen: () => happenAll(during.events) },
      isEndless: () => strictly(() => expect.fail("it goes round in circles")),
      watch() {
        const mine = { since: history.length - 1 };
        openTransactions.add(mine);
        return {
          async committed() {
            token ??= (await mustRead()).fences.execution;
            const judge = await readPermits(Math.min(...[...openTransactions].map(({ since }) => since)));
            strictly(judge);
          },
          closed: () => void openTransactions.delete(mine),
        };
      },
    });
    const client = cloudflare.clientFor({
      run,
      pass: gate.pass,
      async aboutToWrite(userId) {
        const audit = await readRequestAudit(db, id);
        const sent = audit.filter((row) => row.event === "call.sent" && row.data["target_id"] === userId);
        const hasLease = (await mustRead()).fences.execution === token;
        return () =>
          strictly(() => judgeWrite(kind, userId, world.now, { sent, seen: cloudflare.seen, hasLease }));
      },
    });
    const deps = { ...createDeps(skewMs, gate.pass), db: gate.db, cloudflare: client };
    const done = executeRequest(deps as unknown as ExecutionDeps, id, isForced);
    return goOn(gate, Promise.race([done, violation.promise]));
  }

  /** Until the process is done, or stands still. */
  async function goOn(gate: Gate, done: Promise<number | null>): Promise<number | null> {
    const stopped = gate.stopped().then((isDead) => {
      if (!isDead) frozen.push({ gate, done });
      return null;
    });
    return Promise.race([done, stopped]);
  }

  async function thaw(): Promise<void> {
    const one = frozen.shift();
    if (one === undefined) return;
    one.gate.thaw();
    await goOn(one.gate, one.done);
  }

  async function click(userId: string, what: Decision, teamId = HOME): Promise<void> {
    try {
      const asker = { userId, teamId, channelId: "C0APPROV1", surface: "button" } as const;
      await takeDecision(createDeps(0) as unknown as Deps, what, id, asker, { reason: "no" });
    } catch (error) {
      if (!(error instanceof UserError) && !isSlackFailure(error)) throw error;
    }
  }

  async function happenAll(events: readonly Event[]): Promise<void> {
    for (const event of events) await happen(event);
  }

  async function happen(event: Event): Promise<void> {
    switch (event.kind) {
      case "click":
        return click(event.who, event.what, event.teamId);
      case "person":
        world.people[event.who] = event.someone;
        return note();
      case "policy":
        world.policy = { ...world.policy, ...event.change };
        return note();
      case "pause": {
        const input = killSwitch("drill", world.now);
        await (event.isOn ? pause(db, input) : resume(db, input));
        return;
      }
      case "stop":
        await stopRequest(db, id, { actor: ANNA, at: world.now, data: {} });
        return;
      case "wait":
        world.now += event.ms;
        return;
      case "user":
        return changeUser(event);
      case "write answers":
        cloudflare.writeAnswers.push(...event.answers);
        return;
      case "read answers":
        cloudflare.readAnswers.push(...event.answers);
        return;
      case "slack":
        slackAnswers.push(...event.answers);
    }
  }

  function changeUser({ position, what }: Extract<Event, { kind: "user" }>): void {
    const user = cloudflare.users[position];
    if (user === undefined || !user.isThere) return;
    if (what === "logs in") return cloudflare.logIn(user.id);
    changedByOthers.add(user.id);
    if (what === "other address") {
      user.email = "somebody-else@example.com";
      return;
    }
    user.isThere = false;
    for (const session of cloudflare.sessions) if (session.userId === user.id) session.endedAt ??= world.now;
    for (const one of cloudflare.registrations) if (one.userId === user.id) one.revokedAt ??= world.now;
  }

  async function make(move: Move): Promise<void> {
    switch (move.kind) {
      case "several clicks":
        await Promise.all(move.who.map((userId) => click(userId, move.what)));
        return;
      case "execute":
        await Promise.all(move.turns.map(execute));
        return;
      case "thaw":
        return thaw();
      case "lapse":
        return lapse();
      default:
        return happen(move);
    }
  }

  /** A lease is by the database's clock, which is not the walk's with PostgreSQL. */
  async function lapse(): Promise<void> {
    world.now += LAPSE_MS;
    await db
      .updateTable("requests")
      .set({ execution_until: 1 })
      .where("id", "=", id)
      .where("execution_until", "is not", null)
      .execute();
  }

  async function mustRead(): Promise<Request> {
    const request = await readRequest(db, id);
    if (request === null) throw new Error("the request is gone");
    return request;
  }

  async function judgeAll(): Promise<void> {
    const request = await mustRead();
    judgeChange(before, request);
    before = request;
    const audit = await readRequestAudit(db, id);
    judgeClaims(cloudflare, {
      request,
      targets: await readTargets(db, id),
      audit,
      changedByOthers,
    });
  }

  /** Nothing is in the way any longer: what was approved comes to an end. */
  async function settle(): Promise<void> {
    for (const answers of [cloudflare.readAnswers, cloudflare.writeAnswers, slackAnswers]) answers.length = 0;
    await resume(db, killSwitch("", world.now));
    for (const someone of Object.values(world.people))
      if (someone.approverRisk === "unknown") someone.approverRisk = "fine";
    note();
    await lapse();
    for (let turns = 0; turns < MAX_TURNS; turns += 1) {
      const { status } = await mustRead();
      if (status === "pending" || isFinal(status)) break;
      const due = await execute({ isForced: true, skewMs: 0, fates: [], during: null });
      world.now = Math.max(world.now + 1, due ?? world.now + 1000);
    }
    const { status } = await mustRead();
    expect(status === "pending" || isFinal(status), `it ends, and does not stay ${status}`).toBe(true);
  }

  if (start.isApproved) for (const who of IDS.slice(2)) await click(who, "approve");
  for (const move of moves) {
    await make(move);
    await judgeAll();
  }
  await settle();
  await judgeAll();
  while (frozen.length > 0) await thaw();
  await judgeAll();

  const record = await db
    .selectFrom("audit")
    .select(["seq", "at", "actor", "event", "data", "request_id"])
    .where("seq", ">", head.seq)
    .orderBy("seq")
    .execute();
  judgeRecord(
    record.map((row) => ({ ...row, data: JSON.parse(row.data) as Record<string, unknown> })),
    id,
  );
  const last = await mustRead();
  if (isFinal(last.status)) {
    const locks = await db.selectFrom("target_locks").selectAll().where("request_id", "=", id).execute();
    expect(locks, "nobody is kept who is not worked on").toEqual([]);
  }
  return { status: last.status, writes: cloudflare.seen.filter((one) => one.kind === "write").length };
}

function planOf(kind: Kind): Plan {
  const [target, ...others] = [0, 1, 2].map((n) => ({
    id: `walk-${walks}-${n}`,
    email: `target-${n}@example.com`,
    name: "Name",
  })) as [Target, ...Target[]];
  const common = { accountId: "account", target };
  if (kind === "rename") return { ...common, action: "rename-user", options: { newName: NEW_NAME } };
  if (kind === "delete") return { ...common, action: "delete-user", options: {} };
  const devices = kind === "revoke with devices";
  const options = { devices, warpReauth: false, ...(kind === "revoke three" ? { others } : {}) };
  return { ...common, action: "revoke", options };
}

function emailOf(id: string, [target]: readonly Target[]): string {
  return id === TARGET ? (target?.email ?? "") : `${id.toLowerCase()}@example.com`;
}

function personOf(id: string, { flaw }: Someone, targets: readonly Target[]): Person | null {
  if (flaw === "unknown") return null;
  return {
    id,
    teamId: flaw === "foreign" ? "T0OTHER" : HOME,
    name: id,
    email: flaw === "no-address" ? null : emailOf(id, targets),
    isBot: flaw === "bot",
    isDeactivated: flaw === "deactivated",
    isGuest: flaw === "guest",
    isStranger: false,
  };
}

function riskOf({ approverRisk }: Someone): ApproverRisk {
  if (approverRisk === "revoked") return { kind: "revoked", at: NOW };
  if (approverRisk === "unknown") return { kind: "unknown", why: "no answer" };
  return { kind: approverRisk };
}

const policies = new Map<string, Policy>();

function readPolicy(
  { approvers, quorum, protects, checksRisk }: PolicyNow,
  targets: readonly Target[],
): Policy {
  const emails = protects.map((position) => targets[position]?.email ?? "nobody@example.com");
  const text = `channels: { approvals: C0APPROV1 }
operators: [${ASKER}]
approvers: [${approvers.join(", ")}]
quorum: ${quorum}
approver_hygiene: ${checksRisk}
${emails.length > 0 ? `protected: { emails: [${[...new Set(emails)].join(", ")}], quorum: 2 }` : ""}`;
  const known = policies.get(text) ?? parsePolicy(text, "policy.yml");
  policies.set(text, known);
  return known;
}
