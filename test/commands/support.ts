import {
  DummyDriver,
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
} from "kysely";
import { expect } from "vitest";

import type { CommandContext } from "../../src/commands/define.ts";
import type { Deps } from "../../src/deps.ts";
import { UserError, type UserMessage } from "../../src/errors.ts";
import { parsePolicy } from "../../src/policy-file.ts";
import type { Person } from "../../src/slack/directory.ts";
import type { Database } from "../../src/store/schema.ts";
import type { Message } from "../../src/views/blocks.ts";

export const HOME = "T0HOME";
export const ALICE: Person = {
  id: "U0ALICE",
  teamId: HOME,
  name: "Alice",
  email: "alice@example.com",
  isBot: false,
  isDeactivated: false,
  isGuest: false,
  isStranger: false,
};

/** User groups and who is in them. */
const GROUPS: Record<string, string[]> = { S0SECOPS: ["U0ALICE"], S0LEADS: ["U0BOB"] };

const POLICY = parsePolicy(
  "channels: { approvals: C0APPROVALS }\noperators: [S0SECOPS]\nviewers: [U0VERA]\napprovers: [S0LEADS]\n",
  "policy.yml",
);

/** The policy's, as the record has it. */
export const POLICY_HASH = "a".repeat(64);

/** Knows only where the record ends. */
class RecordDriver extends DummyDriver {
  override async acquireConnection(): Promise<DatabaseConnection> {
    const connection = await super.acquireConnection();
    const rows = [{ seq: 1, hash: "0".repeat(64) }];
    const executeQuery: DatabaseConnection["executeQuery"] = () => Promise.resolve({ rows: rows as never[] });
    return { executeQuery, streamQuery: connection.streamQuery.bind(connection) };
  }
}

/** A context in which Slack says of the asker what `person` says; keeps what was answered and recorded. */
export function createContext(person: Person | null = ALICE, teamId = HOME) {
  const replies: Message[] = [];
  const recorded: (readonly unknown[])[] = [];
  const db = new Kysely<Database>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new RecordDriver(),
      createIntrospector: (self) => new SqliteIntrospector(self),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
    log(event) {
      if (event.query.sql.startsWith('insert into "audit"')) recorded.push(event.query.parameters);
    },
  });
  const deps = {
    db,
    now: () => 1_700_000_000_000,
    homeTeamId: HOME,
    policy: {
      hash: () => POLICY_HASH,
      current: () => POLICY,
    },
    policyCheck: { findings: () => [] },
    directory: {
      members: (principals: readonly string[]) =>
        Promise.resolve(new Set(principals.flatMap((id) => GROUPS[id] ?? [id]))),
      person: () => Promise.resolve(person),
    },
  } as unknown as Deps;
  const context: CommandContext = {
    deps,
    asker: { userId: person?.id ?? "U0ALICE", teamId, channelId: "C0SECURITY", surface: "command" },
    channelId: "C0SECURITY",
    reply: (message) => {
      replies.push(message);
      return Promise.resolve();
    },
    openForm: () => Promise.resolve(),
  };
  return { context, replies, recorded };
}

/** What a person is told; fails when nothing is refused. */
export async function refusalOf(promise: Promise<void>): Promise<UserMessage> {
  const error: unknown = await promise.then(
    () => new Error("expected a refusal"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  return (error as UserError).detail;
}
