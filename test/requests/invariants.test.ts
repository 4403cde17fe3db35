import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";

import { readRequestAudit } from "../../src/audit/append.ts";
import type { Deps } from "../../src/deps.ts";
import { UserError } from "../../src/errors.ts";
import { createLogger } from "../../src/log.ts";
import { parsePolicy } from "../../src/policy-file.ts";
import { takeDecision, type Decision } from "../../src/requests/decide.ts";
import { passGate } from "../../src/requests/gate.ts";
import { pause, readPause, resume } from "../../src/requests/pause.ts";
import type { Request, Status } from "../../src/requests/request.ts";
import type { Hygiene } from "../../src/requests/standing.ts";
import type { ExecutionDeps, Step } from "../../src/requests/steps.ts";
import { insertRequest, readRequest } from "../../src/requests/store.ts";
import type { Person } from "../../src/slack/directory.ts";
import { openStore, type Store } from "../../src/store/open.ts";
import { EXPIRES, newRequest, NOW } from "../store/fixture.ts";

const HOME = "T0HOME";
const TARGET_EMAIL = newRequest().plan.target.email;
const IDS = ["U0ASKER01", "U0TARGET1", "U0ANNA001", "U0BERT001", "U0CLEO001", "U0DORA001"] as const;
const [ASKER, TARGET] = IDS;

/** Somebody as Slack and Cloudflare have them at the moment. */
interface Someone {
  flaw: "none" | "deactivated" | "guest" | "foreign" | "bot" | "unknown" | "no-address";
  hygiene: Hygiene["kind"];
}

interface World {
  people: Record<string, Someone>;
  approvers: string[];
  quorum: number;
  isProtected: boolean;
  isHygienic: boolean;
  now: number;
  /** Happens while somebody is looked up, once. */
  meanwhile?: (() => Promise<void>) | undefined;
}

type Happening =
  | { kind: "click"; who: string; what: Decision; teamId: string }
  | { kind: "several"; who: string[]; what: Decision }
  /** `during`: somebody clicks while the gate looks whether the approval still holds. */
  | { kind: "execute"; during: { who: string; what: Decision } | null }
  | { kind: "person"; who: string; someone: Someone }
  | { kind: "policy"; change: Partial<Pick<World, "approvers" | "quorum" | "isProtected" | "isHygienic">> }
  | { kind: "pause"; isOn: boolean }
  | { kind: "wait"; ms: number };

const who = fc.constantFrom(...IDS);
const someone: fc.Arbitrary<Someone> = fc.record({
  flaw: fc.oneof(
    { weight: 6, arbitrary: fc.constant("none" as const) },
    fc.constantFrom("deactivated", "guest", "foreign", "bot", "unknown", "no-address"),
  ),
  hygiene: fc.oneof(
    { weight: 5, arbitrary: fc.constant("fine" as const) },
    fc.constantFrom("high-risk", "revoked", "unknown"),
  ),
});
const approvers = fc.uniqueArray(who, { minLength: 1 });
const quorum = fc.integer({ min: 1, max: 3 });
// Mostly approvals: a request that is denied at once shows little.
const decision = fc.oneof(
  { weight: 8, arbitrary: fc.constant("approve" as const) },
  fc.constantFrom("deny" as const, "cancel" as const),
);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("click" as const),
      who,
      what: decision,
      teamId: fc.oneof({ weight: 9, arbitrary: fc.constant(HOME) }, fc.constant("T0OTHER")),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("several" as const),
      who: fc.uniqueArray(who, { minLength: 2, maxLength: 4 }),
      what: decision,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("execute" as const),
      during: fc.option(
        fc.record({ who: fc.oneof(fc.constant(ASKER), who), what: fc.constantFrom("cancel", "deny") }),
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("person" as const), who, someone }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("policy" as const),
      change: fc.record(
        { approvers, quorum, isProtected: fc.boolean(), isHygienic: fc.boolean() },
        { requiredKeys: [] },
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("pause" as const), isOn: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("wait" as const),
      ms: fc.integer({ min: 1, max: EXPIRES - NOW }),
    }),
  },
);
const start: fc.Arbitrary<World> = fc.record({
  people: fc.record(Object.fromEntries(IDS.map((id) => [id, someone]))),
  approvers,
  quorum,
  isProtected: fc.constant(false),
  isHygienic: fc.boolean(),
  now: fc.constant(NOW),
});

let store: Store;
const folder = mkdtempSync(join(tmpdir(), "zt-invariants-"));
beforeAll(async () => {
  store = await openStore({ kind: "sqlite", directory: folder, file: join(folder, "zt.db") });
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

function emailOf(id: string): string {
  return id === TARGET ? TARGET_EMAIL : `${id.toLowerCase()}@example.com`;
}

function personOf(id: string, { flaw }: Someone): Person | null {
  if (flaw === "unknown") return null;
  return {
    id,
    teamId: flaw === "foreign" ? "T0OTHER" : HOME,
    name: id,
    email: flaw === "no-address" ? null : emailOf(id),
    isBot: flaw === "bot",
    isDeactivated: flaw === "deactivated",
    isGuest: flaw === "guest",
    isStranger: false,
  };
}

function hygieneOf({ hygiene }: Someone): Hygiene {
  if (hygiene === "revoked") return { kind: "revoked", at: NOW };
  if (hygiene === "unknown") return { kind: "unknown", why: "no answer" };
  return { kind: hygiene };
}

/** Everything real but the network: the database, the policy, every rule and every write. */
function createDeps(world: World): Deps & ExecutionDeps {
  const policy = () =>
    parsePolicy(
      `channels: { approvals: C0APPROV1 }
operators: [${ASKER}]
approvers: [${world.approvers.join(", ")}]
quorum: ${world.quorum}
approver_hygiene: ${world.isHygienic}
${world.isProtected ? `protected: { domains: [${TARGET_EMAIL.split("@")[1]}], quorum: 3 }` : ""}`,
      "policy.yml",
    );
  return {
    log: createLogger("silent"),
    now: () => world.now,
    db: store.db,
    homeTeamId: HOME,
    policy: { current: policy, hash: () => "0".repeat(64), reload: () => [] },
    hygiene: (email: string) => {
      const id = IDS.find((one) => emailOf(one) === email) ?? "";
      const known = world.people[id];
      return Promise.resolve<Hygiene>(known === undefined ? { kind: "fine" } : hygieneOf(known));
    },
    directory: {
      async person(id: string) {
        const { meanwhile } = world;
        world.meanwhile = undefined;
        await meanwhile?.();
        return world.people[id] === undefined ? null : personOf(id, world.people[id]);
      },
      members: (principals: readonly string[]) => Promise.resolve(new Set(principals)),
      unknownGroups: () => Promise.resolve([]),
      findByEmail: () => Promise.resolve(null),
    },
    engine: { publish: () => Promise.resolve(), execute: () => Promise.resolve() },
    publish: () => Promise.resolve(),
    run: null,
  } as unknown as Deps & ExecutionDeps;
}

const step = {
  run: (_options: unknown, work: () => unknown) => Promise.resolve(work()),
  sleep: () => Promise.resolve(),
} as unknown as Step;

async function click(deps: Deps, id: string, userId: string, what: Decision, teamId = HOME): Promise<void> {
  try {
    const asker = { userId, teamId, channelId: "C0APPROV1", surface: "button" } as const;
    await takeDecision(deps, what, id, asker, "no");
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
  }
}

/** Written out on its own, so that it does not share a mistake with what it checks. */
function mayCount(world: World, id: string): boolean {
  const known = world.people[id];
  if (known === undefined || known.flaw !== "none") return false;
  const isAtRisk = world.isHygienic && (known.hygiene === "high-risk" || known.hygiene === "revoked");
  return !isAtRisk && id !== ASKER && id !== TARGET && world.approvers.includes(id);
}

const DECIDED: readonly Status[] = ["approved", "denied", "cancelled", "expired", "voided", "executing"];

it("whatever happens, a request is carried out at most once, and only with enough votes that count at that moment", async () => {
  let executed = 0;
  await fc.assert(
    fc.asyncProperty(
      start,
      fc.array(happening, { minLength: 3, maxLength: 25 }),
      async (world, happenings) => {
        const deps = createDeps(world);
        await resume(store.db, { by: IDS[2], teamId: HOME, reason: "", at: NOW, circumstances: {} });
        const made = newRequest({ requesterId: ASKER, teamId: HOME, posts: [] });
        const { id } = await insertRequest(store.db, made);
        let decision: Request | null = null;
        let starts = 0;

        for (const one of happenings) {
          if (one.kind === "click") await click(deps, id, one.who, one.what, one.teamId);
          if (one.kind === "several")
            await Promise.all(one.who.map((userId) => click(deps, id, userId, one.what)));
          if (one.kind === "person") world.people[one.who] = one.someone;
          if (one.kind === "policy") Object.assign(world, one.change);
          if (one.kind === "wait") world.now += one.ms;
          if (one.kind === "pause") {
            const input = { by: IDS[2], teamId: HOME, reason: "drill", at: world.now, circumstances: {} };
            await (one.isOn ? pause(store.db, input) : resume(store.db, input));
          }
          if (one.kind === "execute") {
            const before = await readRequest(store.db, id);
            const { during } = one;
            if (during !== null) world.meanwhile = () => click(deps, id, during.who, during.what);
            const isOpen = await passGate(deps, id, step);
            world.meanwhile = undefined;
            const after = await readRequest(store.db, id);
            expect(isOpen, "what is over is not begun").toBe(isOpen && after?.status === "executing");
            if (before?.status === "approved" && after?.status === "executing") {
              starts += 1;
              const counting = new Set(after.votes.map(({ by }) => by).filter((by) => mayCount(world, by)));
              expect(counting.size).toBeGreaterThanOrEqual(world.quorum);
              expect(world.isProtected, "the target became protected").toBe(false);
              expect(await readPause(store.db), "nothing begins while it is paused").toBeNull();
            }
          }

          const now = await readRequest(store.db, id);
          if (now === null) throw new Error("the request is gone");
          expect(new Set(now.votes.map(({ by }) => by)).size, "nobody votes twice").toBe(now.votes.length);
          expect(now.votes.filter(({ at }) => at >= now.expiresAt)).toEqual([]);
          // Once decided it may be carried out or become void: who decided, and when, never changes again.
          if (decision !== null) {
            expect(now.decidedBy).toBe(decision.decidedBy);
            expect(now.decidedAt).toBe(decision.decidedAt);
            expect(now.votes).toEqual(decision.votes);
            if (decision.status !== "approved") expect(now.status).toBe(decision.status);
            else expect(["approved", "executing", "voided"]).toContain(now.status);
          } else if (DECIDED.includes(now.status)) decision = now;
        }

        const events = (await readRequestAudit(store.db, id)).map(({ event }) => event);
        expect(events.filter((event) => event === "request.executing")).toHaveLength(starts);
        expect(starts).toBeLessThanOrEqual(1);
        expect(events.filter((event) => event === "request.approved").length).toBeLessThanOrEqual(1);
        executed += starts;
        const last = await readRequest(store.db, id);
        const locks = await store.db
          .selectFrom("target_locks")
          .selectAll()
          .where("request_id", "=", id)
          .execute();
        expect(locks, "nobody is kept who is not worked on").toHaveLength(
          last?.status === "executing" ? 1 : 0,
        );
      },
    ),
    { numRuns: 300 },
  );
  // The walks lead somewhere: a check of requests that are never carried out would check nothing.
  expect(executed).toBeGreaterThan(5);
});

it.each(["cancel", "deny"] as const)(
  "what is held and taken back (%s) while the gate looks at it is not begun, and keeps nobody",
  async (what) => {
    const [, , anna, bert] = IDS;
    const fine: Someone = { flaw: "none", hygiene: "fine" };
    const people = Object.fromEntries(IDS.map((id) => [id, fine]));
    const world: World = {
      people,
      approvers: [anna, bert],
      quorum: 1,
      isProtected: false,
      isHygienic: false,
      now: NOW,
    };
    const deps = createDeps(world);
    const { id } = await insertRequest(store.db, newRequest({ requesterId: ASKER, teamId: HOME, posts: [] }));
    await click(deps, id, anna, "approve");
    const input = { by: anna, teamId: HOME, reason: "drill", at: NOW, circumstances: {} };
    await pause(store.db, input);
    expect(await passGate(deps, id, step)).toBe(false);
    await resume(store.db, input);

    world.meanwhile = () => click(deps, id, what === "cancel" ? ASKER : bert, what);
    expect(await passGate(deps, id, step)).toBe(false);
    expect(await readRequest(store.db, id)).toMatchObject({ status: "voided" });
    const locks = store.db.selectFrom("target_locks").selectAll().where("request_id", "=", id);
    expect(await locks.execute()).toEqual([]);
  },
);
