import type { Cloudflare } from "../api/cloudflare.ts";
import { isCloudflareFailure, NotFoundError, type CloudflareFailure } from "../api/errors.ts";
import { describeFailure } from "../cloudflare-trouble.ts";
import { findRisk } from "../lookup/summary.ts";
import { memoize } from "../memoize.ts";
import type { Db } from "../store/open.ts";
import { actionsThat } from "../actions/index.ts";
import type { ApproverRisk } from "./eligibility.ts";

const DAY_MS = 24 * 60 * 60_000;
/** A person's risk moves slowly, and someone waits for the click. */
const FRESH_MS = 30_000;
/** Longer than this no one waits for it: then it is not known. */
const TIMEOUT_MS = 3000;

/** Whether the person with this address, who is about to decide something, is at risk themselves. Never rejects. */
export type ReadApproverRisk = (email: string) => Promise<ApproverRisk>;

interface ApproverRiskDeps {
  db: Db;
  cloudflare: Cloudflare;
  now(): number;
}

export function createApproverRisk({ db, cloudflare, now }: ApproverRiskDeps): ReadApproverRisk {
  const riskOf = memoize(now, FRESH_MS, (email) => readRisk(cloudflare, email));
  return async (email) => {
    const [revokedAt, risk] = await Promise.all([
      findRevocation(db, email, now()),
      readOrUnknown(riskOf, email),
    ]);
    return revokedAt === null ? risk : { kind: "revoked", at: revokedAt };
  };
}

/** When zt-bot took this person's access away within the last day, epoch milliseconds; null when it did not. */
async function findRevocation(db: Db, email: string, now: number): Promise<number | null> {
  const row = await db
    .selectFrom("request_targets")
    .innerJoin("requests", "requests.id", "request_targets.request_id")
    .select((eb) => eb.fn.max("request_targets.sent_at").as("at"))
    .where((eb) => eb(eb.fn<string>("lower", ["request_targets.email"]), "=", email.trim().toLowerCase()))
    .where("requests.action", "in", actionsThat("takes"))
    .where("request_targets.sent_at", ">", now - DAY_MS)
    .executeTakeFirst();
  return row?.at ?? null;
}

async function readOrUnknown(
  riskOf: (email: string) => Promise<ApproverRisk>,
  email: string,
): Promise<ApproverRisk> {
  try {
    return await riskOf(email.trim().toLowerCase());
  } catch (error) {
    if (!isCloudflareFailure(error)) throw error;
    if (error.kind === "aborted") return { kind: "unknown", why: "Cloudflare did not answer in time" };
    return { kind: "unknown", why: describeFailure(error).brief, ...fixOf(error) };
  }
}

/** The step for a token that is at fault: another approver would be told the same, and so would this one later. */
function fixOf(error: CloudflareFailure): { next?: string } {
  if (error.kind === "auth") return { next: describeFailure(error).next };
  if (error.kind !== "permission") return {};
  // 401 is the answer to an expired token as well.
  const next =
    error.status === 401
      ? "The people who run zt-bot need to renew the token, or add that permission."
      : "The people who run zt-bot need to add that permission to the token; no restart is needed.";
  return { next };
}

/** An approver who is no Access user, or whom risk scoring does not know, is at no risk that Cloudflare sees. */
async function readRisk(cloudflare: Cloudflare, email: string): Promise<ApproverRisk> {
  const call = { timeoutMs: TIMEOUT_MS, signal: AbortSignal.timeout(TIMEOUT_MS) };
  const users = await cloudflare.accessUsers.findByEmail(email, call);
  const levels = await Promise.all(
    users.map(async (user) => {
      try {
        return (await findRisk(cloudflare, user, call)).level;
      } catch (error) {
        if (error instanceof NotFoundError) return null;
        throw error;
      }
    }),
  );
  return levels.includes("high") ? { kind: "high-risk" } : { kind: "fine" };
}
