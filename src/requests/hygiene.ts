import type { Cloudflare } from "../api/cloudflare.ts";
import { isCloudflareFailure, NotFoundError, type CloudflareFailure } from "../api/errors.ts";
import { describeFailure } from "../cloudflare-trouble.ts";
import { findRisk } from "../lookup/summary.ts";
import { remember } from "../remember.ts";
import type { Db } from "../store/open.ts";
import { actionsThat } from "./actions/index.ts";
import type { Hygiene } from "./standing.ts";

const DAY_MS = 24 * 60 * 60_000;
/** A person's risk moves slowly, and somebody waits for the click. */
const FRESH_MS = 30_000;
/** Longer than this nobody waits for it: then it is not known. */
const TIMEOUT_MS = 3000;

/** Whether the person with this address, who is about to decide something, is at risk themselves. Never rejects. */
export type ReadHygiene = (email: string) => Promise<Hygiene>;

interface HygieneDeps {
  db: Db;
  cloudflare: Cloudflare;
  now(): number;
}

export function createHygiene({ db, cloudflare, now }: HygieneDeps): ReadHygiene {
  const riskOf = remember(now, FRESH_MS, (email) => readRisk(cloudflare, email));
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
  const address = email.trim().toLowerCase();
  const since = now - DAY_MS;
  const [alone, among] = await Promise.all([
    db
      .selectFrom("requests")
      .select((eb) => eb.fn.max("started_at").as("at"))
      .where((eb) => eb(eb.fn<string>("lower", ["target_email"]), "=", address))
      .where("action", "in", actionsThat("contains"))
      .where((eb) =>
        eb.or([
          eb("status", "in", ["executing", "unknown", "succeeded"]),
          // Not confirmed, and yet it may have come to pass.
          eb.and([eb("status", "=", "failed"), eb("result", "like", '%"verification"%')]),
        ]),
      )
      .where("started_at", ">", since)
      .executeTakeFirst(),
    db
      .selectFrom("request_targets")
      .select((eb) => eb.fn.max("sent_at").as("at"))
      .where((eb) => eb(eb.fn<string>("lower", ["email"]), "=", address))
      .where("sent_at", ">", since)
      .executeTakeFirst(),
  ]);
  const times = [alone?.at, among?.at].filter((at) => at !== null && at !== undefined);
  return times.length === 0 ? null : Math.max(...times);
}

async function readOrUnknown(riskOf: (email: string) => Promise<Hygiene>, email: string): Promise<Hygiene> {
  try {
    return await riskOf(email.trim().toLowerCase());
  } catch (error) {
    if (!isCloudflareFailure(error)) throw error;
    if (error.kind === "aborted") return { kind: "unknown", why: "Cloudflare did not answer in time" };
    return { kind: "unknown", why: describeFailure(error).brief, ...mendingOf(error) };
  }
}

/** The step for a token that is at fault: another approver would be told the same, and so would this one later. */
function mendingOf(error: CloudflareFailure): { next?: string } {
  if (error.kind === "auth") return { next: describeFailure(error).next };
  if (error.kind !== "permission") return {};
  // 401 is the answer to an expired token as well.
  const next =
    error.status === 401
      ? "Whoever runs zt-bot has to look at the token: renew it, or add that permission."
      : "Whoever runs zt-bot has to add that permission to the token; nothing has to be restarted.";
  return { next };
}

/** An approver who is no Access user, or whom risk scoring does not know, is at no risk that Cloudflare sees. */
async function readRisk(cloudflare: Cloudflare, email: string): Promise<Hygiene> {
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
