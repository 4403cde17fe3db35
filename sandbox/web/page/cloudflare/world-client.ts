import { useCallback, useEffect, useState } from "react";

/** What the page reads of `GET /sandbox/world`. */
export interface WorldSummary {
  users: WorldUser[];
  faults: ActiveFault[];
}

export interface WorldUser {
  email: string;
  name: string | null;
  story: string | null;
  sessions: number;
  failedLogins24h: number;
  registrations: number;
  risk: string | null;
  /** False in the minute after a revocation. */
  canLogIn: boolean;
}

export interface ActiveFault {
  route: string;
  fault: Fault;
}

export type Fault = { kind: string } & Record<string, unknown>;

/** A fault one can switch on, by a readable name. */
export interface FaultSwitch {
  name: string;
  fault: Fault;
}

export const faultSwitches: FaultSwitch[] = [
  { name: "Slow: 3 seconds", fault: { kind: "latency", ms: 3_000 } },
  { name: "429 rate limited", fault: { kind: "rate-limit", retryAfter: 5 } },
  { name: "502 bad gateway", fault: { kind: "status", status: 502, html: true } },
  { name: "success: false", fault: { kind: "success-false" } },
  { name: "Dropped connection", fault: { kind: "drop" } },
];

const interval = 2_000;

/** The Cloudflare account as it is now, read again every two seconds while the panel is open and in sight. */
export function useWorld(): { world: WorldSummary | undefined; refresh: () => void } {
  const [world, setWorld] = useState<WorldSummary>();
  const refresh = useCallback(() => {
    void readWorld().then((read) => {
      if (read) setWorld(read);
    });
  }, []);
  useEffect(() => {
    refresh();
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") refresh();
    }, interval);
    return () => {
      clearInterval(timer);
    };
  }, [refresh]);
  return { world, refresh };
}

async function readWorld(): Promise<WorldSummary | undefined> {
  try {
    const response = await fetch("/sandbox/world");
    if (!response.ok) return undefined;
    return (await response.json()) as WorldSummary;
  } catch {
    // The next reading may do better; until then the last one stands.
    return undefined;
  }
}
