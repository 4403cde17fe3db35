import type postgres from "postgres";
import { onTestFinished } from "vitest";

/** A request as it stands in PostgreSQL. */
export interface Entry {
  id: string;
  email: string;
  requester: string;
  status: string;
  /** The card shows it as it is, and nothing waits to be posted. */
  isTold: boolean;
}

/** What the database says of all requests, read again and again past the bots. */
export interface Ledger {
  of(email: string): Entry | undefined;
  all(): Entry[];
  /** Reads it now. */
  refresh(): Promise<void>;
  /** Waits until this holds after some reading. */
  until(holds: () => boolean, what: () => string, timeoutMs?: number): Promise<void>;
}

const EVERY_MS = 150;

export function keepLedger(sql: postgres.Sql): Ledger {
  let entries = new Map<string, Entry>();
  const waiting = new Set<() => void>();

  async function refresh(): Promise<void> {
    const rows = await sql<Entry[]>`
      SELECT id, target_email AS email, requester_id AS requester, status,
        card_version = version AND NOT EXISTS (
          SELECT 1 FROM posts WHERE posts.request_id = requests.id AND posted_at IS NULL
        ) AS "isTold"
      FROM requests ORDER BY created_at`;
    entries = new Map(rows.map((row) => [row.email, row]));
    for (const check of waiting) check();
  }

  const timer = setInterval(() => void refresh(), EVERY_MS);
  onTestFinished(() => clearInterval(timer));
  return {
    of: (email) => entries.get(email),
    all: () => [...entries.values()],
    refresh,
    until(holds, what, timeoutMs = 150_000) {
      return new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          waiting.delete(check);
          reject(new Error(`waited ${timeoutMs} ms in vain: ${what()}`));
        }, timeoutMs);
        function check(): void {
          if (!holds()) return;
          waiting.delete(check);
          clearTimeout(late);
          resolve();
        }
        waiting.add(check);
        check();
      });
    },
  };
}
