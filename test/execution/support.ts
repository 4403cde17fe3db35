import { TimeoutError } from "../../src/api/errors.ts";
import { createReadAhead } from "../../src/execution/ahead.ts";
import type { ExecutionDeps } from "../../src/execution/execute.ts";
import { createLogger } from "../../src/log/log.ts";
import { parsePolicy } from "../../src/policy-file.ts";
import type { Plan, Target } from "../../src/requests/plan.ts";
import type { Request } from "../../src/requests/request.ts";
import { insertRequest } from "../../src/requests/repository.ts";
import { moveRequest } from "../../src/requests/transition.ts";
import type { Db } from "../../src/store/open.ts";
import { ALICE, BOB, newRequest, NOW, PLAN, transitionTo } from "../store/fixture.ts";

/** What Cloudflare does for each user. */
export interface Answers {
  get(id: string): Promise<unknown>;
  revokeUser(email: string): Promise<unknown>;
  activeSessions(id: string): Promise<unknown>;
}

export const ACCEPTED = { cfRay: "ray", status: 200 };

export function noAnswer(): Promise<never> {
  return Promise.reject(new TimeoutError({ call: "a call", applied: "maybe", timeoutMs: 10_000 }));
}

const POLICY = parsePolicy(
  `channels: { approvals: C0APPROV1 }\noperators: [${ALICE}]\napprovers: [${BOB}]\n`,
  "policy.yml",
);

/** An executor on this store: everything is real but the network and the time. `sent`: whose revocation was called for. */
export function createExecution(
  db: Db,
  { now, ...answers }: Partial<Answers> & { now: () => number },
): { deps: ExecutionDeps; sent: string[] } {
  const sent: string[] = [];
  const cloudflare = {
    budget: { msUntilRoom: () => 0, estimateMs: () => 0 },
    serverTime: (at: number) => at,
    accessUsers: {
      get: answers.get ?? ((id: string) => Promise.resolve({ id, email: `${id}@example.com` })),
      activeSessions: answers.activeSessions ?? (() => Promise.resolve([])),
    },
    organizations: {
      revokeUser({ email }: { email: string }) {
        sent.push(email);
        return answers.revokeUser?.(email) ?? Promise.resolve(ACCEPTED);
      },
    },
  };
  const deps = {
    db,
    now,
    log: createLogger("silent"),
    cloudflare: { ...cloudflare, bulk: cloudflare, urgent: cloudflare },
    policy: { current: () => POLICY, hash: () => "hash" },
    directory: {
      person: (id: string) =>
        Promise.resolve({ id, teamId: "T0SANDBOX", name: id, email: `${id}@work.example.com` }),
      last: { email: () => null, isAmong: () => false },
      members: (ids: readonly string[]) => Promise.resolve(new Set(ids)),
      unknownGroups: () => Promise.resolve([]),
    },
    approverRisk: () => Promise.resolve({ kind: "fine" }),
    homeTeamId: "T0SANDBOX",
    verifyDelaysMs: [60_000],
    publish: () => {},
    toldAt: new Map(),
    paces: new Map(),
    readAhead: createReadAhead({ cloudflare: { ...cloudflare, urgent: cloudflare } as never, now }),
    unrecorded: new Map(),
    isStopping: () => false,
  } as unknown as ExecutionDeps;
  return { deps, sent };
}

let made = 0;

/** A revocation of so many users, approved by somebody whose vote counts. */
export async function approveRevocation(db: Db, count = 1): Promise<Request> {
  const users = Array.from({ length: count }, (): Target => {
    made += 1;
    return { id: `user-${made}`, email: `user-${made}@example.com`, name: `User ${made}` };
  });
  const [target = PLAN.target, ...others] = users;
  const options = { devices: false, warpReauth: false, ...(count === 1 ? {} : { others }) };
  const plan: Plan = { action: "revoke", accountId: PLAN.accountId, target, options };
  const { id } = await insertRequest(db, newRequest({ plan, posts: [] }));
  const votes = { all: [{ by: BOB, at: NOW }], seen: 0 };
  const approved = await moveRequest(db, id, transitionTo("approved", { votes }));
  if (approved === null) throw new Error("not approved");
  return approved;
}
