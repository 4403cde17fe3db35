import { expect } from "vitest";

import type { AuditRow } from "../../../src/audit/append.ts";
import { targetsOf } from "../../../src/requests/plan.ts";
import { isFinal, type Request } from "../../../src/requests/request.ts";
import type { TargetRow } from "../../../src/requests/targets.ts";
import type { FakeCloudflare, Seen } from "./fake-cloudflare.ts";
import { ASKER, TARGET, type Kind, type PolicyNow, type Someone } from "./moves.ts";

/**
 * What has to hold of every walk, written out on its own, so that it does not share a mistake with what it checks.
 */

/** How long what was read before a permit, and the permit itself, may be old: the promise in words. */
export const FEW_SECONDS_MS = 5000 + 200;

const isUrgent = (kind: Kind): boolean => kind.startsWith("revoke");

export interface PermitFacts {
  kind: Kind;
  request: Request;
  position: number;
  /** The policies in force while it was given. */
  policies: readonly PolicyNow[];
  /** How each of the people was within the last seconds. */
  people: readonly Readonly<Record<string, Someone>>[];
  /** Slack failed to answer within the last seconds. */
  isSlackDown: boolean;
}

/** At the moment of the permit the votes count, and nobody protected is touched unless that was asked for. */
export function judgePermit({ kind, request, position, policies, people, isSlackDown }: PermitFacts): void {
  const verdicts = policies.map((policy) => {
    if (policy.protects.includes(position) && !request.isProtected) return "the target is protected";
    const voters = new Set(request.votes.map(({ by }) => by));
    const mayAct = (id: string): boolean => {
      if (id === ASKER || id === TARGET || !policy.approvers.includes(id)) return false;
      if (isSlackDown && isUrgent(kind)) return true;
      return people.some((now) => counts(now[id], policy, kind));
    };
    const counting = [...voters].filter(mayAct);
    const quorum = Math.max(policy.quorum, request.isProtected && policy.protects.length > 0 ? 2 : 1);
    return counting.length >= quorum ? "fine" : `${counting.length} of ${quorum} votes count`;
  });
  expect(verdicts, `a call about user ${position} was permitted`).toContain("fine");
}

function counts(someone: Someone | undefined, { checksRisk }: PolicyNow, kind: Kind): boolean {
  if (someone === undefined || someone.flaw !== "none") return false;
  if (!checksRisk || someone.approverRisk === "fine") return true;
  return someone.approverRisk === "unknown" && kind !== "rename";
}

/** A write is about to reach Cloudflare: it has a row of its own, is recent, and is no blind repetition. */
export function judgeWrite(
  kind: Kind,
  userId: string,
  now: number,
  { sent, seen, hasLease }: { sent: readonly AuditRow[]; seen: readonly Seen[]; hasLease: boolean },
): void {
  const ofUser = seen.filter((one) => one.userId === userId);
  const writes = ofUser.filter((one) => one.kind === "write");
  expect(sent.length, "each call has its own row, written before it").toBeGreaterThan(writes.length);
  expect(hasLease, "whoever sends has the lease").toBe(true);
  expect(now - (sent.at(-1)?.at ?? 0), "nothing is sent on an old permit").toBeLessThanOrEqual(
    FEW_SECONDS_MS,
  );
  const last = writes.at(-1);
  if (last === undefined) return;
  const isSureOfNothing = last.isHeard && (last.answer === "429" || last.answer === "refused");
  if (isSureOfNothing) return;
  const looks = ofUser.slice(ofUser.indexOf(last) + 1).filter((one) => one.kind === "look");
  expect(
    looks.some((one) => one.shows !== null || isUrgent(kind)),
    "it is sent again only after a look",
  ).toBe(true);
  const seenLast = looks.findLast((one) => one.shows !== null);
  if (!isUrgent(kind)) expect(seenLast?.shows, "what is seen to be done is not sent again").toBe("open");
}

/** By the order in the record, which is the order of the transactions. */
export function judgeRecord(rows: readonly (AuditRow & { request_id: string | null })[], id: string): void {
  let isPaused = false;
  let forbids: string | null = "request.created";
  const over = ["denied", "cancelled", "voided", "expired", "succeeded", "failed", "stopped"];
  for (const { event, request_id } of rows) {
    if (event === "bot.paused") isPaused = true;
    if (event === "bot.resumed") isPaused = false;
    if (request_id !== id) continue;
    if (event === "request.approved") forbids = null;
    if (over.includes(event.replace("request.", ""))) forbids ??= event;
    if (event !== "call.sent") continue;
    expect(isPaused, "nothing is sent while it is paused").toBe(false);
    expect(forbids, "nothing is sent of what is not approved, or over").toBeNull();
  }
  const alarms = rows.filter((row) => row.request_id === id && row.event === "request.unproven");
  expect(alarms, "nobody wrote past zt-bot, and nobody is accused of it").toEqual([]);
  for (const once of ["request.approved", "request.executing", "request.stopped"])
    expect(rows.filter((row) => row.request_id === id && row.event === once).length).toBeLessThanOrEqual(1);
}

interface Claimed {
  request: Request;
  targets: readonly TargetRow[];
  audit: readonly AuditRow[];
  /** Somebody else changed these users at Cloudflare. */
  changedByOthers: ReadonlySet<string>;
}

/** Replicas' clocks differ by so much at the most; sign-ins go by Cloudflare's. */
const MAX_SKEW_MS = 100;

function sentAt(row: { at: number } | undefined): number {
  return row === undefined ? 0 : row.at - MAX_SKEW_MS;
}

/** What the bot says is so at Cloudflare. */
export function judgeClaims(fake: FakeCloudflare, claimed: Claimed): void {
  const { request, targets, audit, changedByOthers } = claimed;
  const hadEffect = (userId: string): boolean =>
    fake.seen.some((one) => one.kind === "write" && one.userId === userId && one.isEffective);
  const of = (event: string, userId: string) =>
    audit.filter((row) => row.event === event && row.data["target_id"] === userId);

  for (const { state, target } of targets) {
    if (state === "done")
      expect(fake.isSo(target.id, sentAt(of("call.sent", target.id)[0])), "done is seen").toBe(true);
    if (state === "done")
      expect(
        fake.seen.some((one) => one.kind === "look" && one.userId === target.id && one.shows === "done"),
        "done is said of what was looked at",
      ).toBe(true);
    if (state === "stopped") expect(hadEffect(target.id), "not touched means not touched").toBe(false);
    if (of("call.reconciled", target.id).length > 0 && !changedByOthers.has(target.id))
      expect(hadEffect(target.id), "an earlier call is said to have taken effect").toBe(true);
  }
  // Of one user it may also mean: accepted by Cloudflare, and the card says that it was not confirmed.
  const isUnconfirmed = targets.length === 1 && request.result.verification?.confirmed === false;
  if (request.status === "succeeded" && !isUnconfirmed)
    expect(
      targets.map(({ state }) => state),
      "done of several only if each is",
    ).toEqual(targetsOf(request.plan).map(() => "done"));
  const { bulk, verification } = request.result;
  const saysNothing =
    ["voided", "denied", "cancelled", "expired"].includes(request.status) ||
    (request.status === "failed" &&
      (bulk === undefined ? verification === undefined : bulk.done + bulk.failed === 0));
  if (saysNothing)
    expect(
      targetsOf(request.plan).filter(({ id }) => hadEffect(id)),
      `${request.status}, nothing was done`,
    ).toEqual([]);
  if (verification?.confirmed === true)
    expect(
      targets.every(({ state }) => state === "done"),
      "confirmed is seen",
    ).toBe(true);
}

/** Once over, a request stays as it is; once decided, who decided stays. */
export function judgeChange(before: Request | null, after: Request): void {
  if (before === null) return;
  const fixed = ({ status, result, decidedBy, decidedAt, decisionReason, finishedAt }: Request) => ({
    status,
    result,
    decidedBy,
    decidedAt,
    decisionReason,
    finishedAt,
  });
  if (isFinal(before.status)) expect(fixed(after), "what is over stays as it is").toEqual(fixed(before));
  if (before.status !== "pending" && before.decidedBy !== null) {
    expect(after.decidedBy).toBe(before.decidedBy);
    expect(after.decidedAt).toBe(before.decidedAt);
    expect(after.votes).toEqual(before.votes);
  }
  expect(after.votes.filter(({ at }) => at >= after.expiresAt)).toEqual([]);
}
