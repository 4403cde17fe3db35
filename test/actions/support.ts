import type { ActiveSession, Cloudflare, Registration, RiskScore } from "../../src/api/cloudflare.ts";
import { NetworkError } from "../../src/api/errors.ts";

export const SECOND = 1000;
/** When the call was sent. */
export const SENT = Date.UTC(2026, 2, 14, 14, 2, 31, 400);
export const NOW = SENT + 30 * SECOND;
export const TARGET = { id: "user-1", email: "mallory@example.com", name: "Mallory" };

/** A Cloudflare of which only what is given answers. */
export function fakeCloudflare(parts: {
  sessions?: () => Promise<ActiveSession[]>;
  /** What a session asked for by itself says of whether it is active. */
  session?: (nonce: string) => Promise<{ isActive: boolean | null }>;
  registrations?: () => AsyncIterable<Registration>;
  risk?: RiskScore;
  sent?: unknown[];
}): Cloudflare {
  const record = (input: unknown) => {
    parts.sent?.push(input);
    return Promise.resolve({ cfRay: "ray", status: 200 });
  };
  return {
    serverTime: (at: number) => at,
    accessUsers: {
      activeSessions: parts.sessions,
      activeSession: (_id: string, nonce: string) => (parts.session ?? broken)(nonce),
    },
    devices: { iterateRegistrations: parts.registrations },
    organizations: { revokeUser: record },
    riskScoring: {
      get: () => (parts.risk === undefined ? broken() : Promise.resolve(parts.risk)),
      reset: record,
    },
  } as unknown as Cloudflare;
}

export const broken = () =>
  Promise.reject(new NetworkError({ call: "x", applied: "no", code: "ECONNRESET" }));

export async function* listOf(...registrations: Registration[]): AsyncIterable<Registration> {
  yield* await Promise.resolve(registrations);
}
