import type { Cloudflare } from "../api/cloudflare.ts";
import { isCloudflareFailure, NotFoundError, type CloudflareFailure } from "../api/errors.ts";
import { describeFailure } from "../cloudflare-trouble.ts";
import { findRisk, type RiskSource } from "../lookup/summary.ts";
import { memoize } from "../memoize.ts";
import type { Db } from "../store/open.ts";
import { actionsThat } from "../actions/index.ts";
import type { ApproverRisk } from "./eligibility.ts";

const DAY_MS = 24 * 60 * 60_000;
/** For what is only offered or planned, and for a call that is tried again: a person's risk moves slowly. */
const FRESH_MS = 30_000;
/** A click is judged by what Cloudflare says now; several clicks of the same moment share an answer. */
export const CLICK_FRESH_MS = 2000;
/** Longer than this no one waits for it: then it is not known. */
const TIMEOUT_MS = 3000;

/**
 * Whether the person with this address, who is about to decide something, is at risk themselves. `maxAgeMs`: how long
 * ago Cloudflare may have been asked, 30 seconds by default; what zt-bot did to them is read each time. Rejects for
 * errors of ours only.
 */
export type ReadApproverRisk = (email: string, maxAgeMs?: number) => Promise<ApproverRisk>;

interface ApproverRiskDeps {
  db: Db;
  cloudflare: Cloudflare;
  now(): number;
}

export function createApproverRisk({ db, cloudflare, now }: ApproverRiskDeps): ReadApproverRisk {
  const inOneRound = createRounds(cloudflare);
  const riskOf = memoize(now, FRESH_MS, (email) => inOneRound(email, (asking) => readRisk(asking, email)));
  return async (email, maxAgeMs = FRESH_MS) => {
    const [revokedAt, risk] = await Promise.all([
      findRevocation(db, email, now()),
      readOrUnknown((address) => riskOf(address, { maxAgeMs }), email),
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
async function readRisk(cloudflare: Asked, email: string): Promise<ApproverRisk> {
  const users = await cloudflare.accessUsers.findByEmail(email);
  const levels = await Promise.all(
    users.map(async (user) => {
      try {
        return (await findRisk(cloudflare, user)).level;
      } catch (error) {
        if (error instanceof NotFoundError) return null;
        throw error;
      }
    }),
  );
  return levels.includes("high") ? { kind: "high-risk" } : { kind: "fine" };
}

/** What is asked of Cloudflare for one person's risk. */
interface Asked extends RiskSource {
  accessUsers: RiskSource["accessUsers"] & Pick<Cloudflare["accessUsers"], "findByEmail">;
}

/** One question to Cloudflare: what of, and of whom. */
interface Question {
  of: "users" | "user" | "score" | "summary";
  id: string;
}

/**
 * Asks at once what was asked the last time for the same person, question after question: their id, its score, and
 * where that was blank the summary. Only which questions there were is remembered, never an answer; where an answer
 * leads to another question now, that one is asked as well.
 */
function createRounds(cloudflare: Cloudflare) {
  const asked = new Map<string, readonly Question[]>();
  return async <T>(email: string, read: (cloudflare: Asked) => Promise<T>): Promise<T> => {
    const call = { timeoutMs: TIMEOUT_MS, signal: AbortSignal.timeout(TIMEOUT_MS) };
    const answers = new Map<string, Promise<unknown>>();
    const questions = new Map<string, Question>();
    const once = <Answer>(question: Question, ask: () => Promise<Answer>): Promise<Answer> => {
      const key = `${question.of} ${question.id}`;
      questions.set(key, question);
      const answer = (answers.get(key) as Promise<Answer> | undefined) ?? ask();
      answers.set(key, answer);
      return answer;
    };
    const { accessUsers, riskScoring } = cloudflare;
    const asking: Asked = {
      accessUsers: {
        findByEmail: (id) => once({ of: "users", id }, () => accessUsers.findByEmail(id, call)),
        get: (id) => once({ of: "user", id }, () => accessUsers.get(id, call)),
      },
      riskScoring: {
        get: (id) => once({ of: "score", id }, () => riskScoring.get(id, call)),
        summary: () => once({ of: "summary", id: "" }, () => riskScoring.summary(call)),
      },
    };
    const ask: Record<Question["of"], (id: string) => Promise<unknown>> = {
      users: asking.accessUsers.findByEmail,
      user: asking.accessUsers.get,
      score: asking.riskScoring.get,
      summary: () => asking.riskScoring.summary(),
    };
    // What fails is heard by who asks for it, and by no one where that is not asked for any longer.
    for (const { of, id } of asked.get(email) ?? []) ask[of](id).catch(() => {});
    questions.clear();
    const result = await read(asking);
    if (asked.size > MAX_REMEMBERED) asked.clear();
    asked.set(email, [...questions.values()]);
    return result;
  };
}

const MAX_REMEMBERED = 1000;
