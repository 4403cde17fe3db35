import { onTestFinished } from "vitest";

import type { UserSummary } from "../../src/lookup/summary.ts";
import type { Plan } from "../../src/requests/plan.ts";
import type { NewPost } from "../../src/requests/posts.ts";
import type { Request, Status } from "../../src/requests/request.ts";
import { changeRequest, type Condition } from "../../src/requests/change.ts";
import { takeLease, type Lease } from "../../src/requests/lease.ts";
import { insertRequest, type NewRequest } from "../../src/requests/repository.ts";
import { changeTarget, type TargetChange, type TargetState } from "../../src/requests/targets.ts";
import { moveRequest, type Transition } from "../../src/requests/transition.ts";
import type { Db, Store } from "../../src/store/open.ts";

/** What a contract is run against: the store of one suite, opened before its first test. */
export type GetStore = () => Store;

/** 2027: beyond 32 bits, so that a column too narrow shows. */
export const NOW = Date.UTC(2027, 0, 15, 12);
export const EXPIRES = NOW + 3_600_000;

export const ALICE = "U0ALICE01";
export const BOB = "U0BOB0001";
export const CAROL = "U0CAROL01";

export const PLAN: Plan = {
  action: "revoke",
  accountId: "023e105f4ecef8ad9ca31a8372d0c353",
  target: {
    id: "0a1b2c3d-0000-4000-8000-000000000001",
    email: "o'brien@example.com",
    name: "Zoë “Z” O'Brien 🔥",
  },
  options: { devices: true, warpReauth: false },
};

const unread = { ok: false, reason: "Cloudflare did not answer in time" } as const;

/** The store keeps evidence whole and never looks into it. */
export const EVIDENCE: UserSummary = {
  user: {
    ...PLAN.target,
    uid: PLAN.target.id,
    seatUid: null,
    accessSeat: true,
    gatewaySeat: null,
    activeDeviceCount: 2,
    createdAt: null,
    updatedAt: null,
    lastLoginAt: NOW - 1000,
  },
  identity: unread,
  sessions: unread,
  failedLogins: unread,
  risk: unread,
  registrations: unread,
  gatheredAt: NOW,
};

export const evidencePost: NewPost = { key: "evidence", surface: "thread", data: { kind: "evidence" } };

/** As if who holds a lease on this request had died long ago, on whichever clock. */
export async function letLeaseRunOut(
  db: Db,
  id: string,
  kind: "execution" | "publishing" = "publishing",
): Promise<void> {
  await db
    .updateTable("requests")
    .set({ [`${kind}_until`]: 1 })
    .where("id", "=", id)
    .execute();
}

/** Takes a lease and gives it back when the test ends, so that nothing renews it beyond that. */
export async function takeLeaseFor(
  ...[db, kind, id, now = Date.now, also]: [
    Db,
    "execution" | "publishing",
    string,
    (() => number)?,
    Condition?,
  ]
): Promise<Lease | null> {
  const lease = await takeLease(db, kind, id, now, also);
  onTestFinished(async () => void (await lease?.release()));
  return lease;
}

/** As if the card had been posted there, showing this version. */
export async function letCardBePosted(db: Db, id: string, channel: string, ts: string): Promise<void> {
  const set = { card_channel: channel, card_ts: ts, card_version: 1 };
  await changeRequest(db, { id, at: NOW, isShown: false, set });
}

/** One user of a request, from one state to another, as the executor moves them. */
export function moveTarget(
  db: Db,
  id: string,
  position: number,
  { from, to, set = {} }: { from: readonly TargetState[]; to: TargetState; set?: Partial<TargetChange> },
): Promise<boolean> {
  return changeTarget(db, id, { position, from, set: { ...set, state: to } });
}

let made = 0;

/** Each about somebody else: of one plan only one request is open at a time. */
export function newRequest(change: Partial<NewRequest> = {}): NewRequest {
  made += 1;
  return {
    teamId: "T0SANDBOX",
    plan: {
      ...PLAN,
      target: { ...PLAN.target, id: `0a1b2c3d-0000-4000-8000-${String(made).padStart(12, "0")}` },
    },
    evidence: EVIDENCE,
    requesterId: ALICE,
    originChannel: "C0SECURE1",
    cardChannel: "C0APPROV1",
    isProtected: false,
    nudgeAt: null,
    reason: "laptop 'stolen'; -- \\ \"quoted\" 💻",
    at: NOW,
    expiresAt: EXPIRES,
    posts: [evidencePost],
    ...change,
  };
}

/** Moves as the bot makes them: those that are decisions before the deadline, expiry at it. */
export function transitionTo(to: Transition["to"], change: Partial<Transition> = {}): Transition {
  return { to, actor: BOB, at: to === "expired" ? EXPIRES : NOW + 1000, ...change };
}

const WAY: Record<Status, readonly Transition["to"][]> = {
  pending: [],
  approved: ["approved"],
  denied: ["denied"],
  cancelled: ["cancelled"],
  expired: ["expired"],
  voided: ["voided"],
  executing: ["approved", "executing"],
  unknown: ["approved", "executing", "unknown"],
  succeeded: ["approved", "executing", "succeeded"],
  failed: ["approved", "executing", "unknown", "failed"],
};

/** A request that has come to this state the usual way. */
export async function requestIn(db: Db, status: Status): Promise<Request> {
  let request = await insertRequest(db, newRequest());
  for (const to of WAY[status]) {
    const moved = await moveRequest(db, request.id, transitionTo(to));
    if (moved === null) throw new Error(`${request.status} did not become ${to}`);
    request = moved;
  }
  return request;
}
