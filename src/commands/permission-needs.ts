import { CALLS } from "../api/cloudflare.ts";
import type { PermissionNeed } from "../ops/doctor/readings.ts";
import type { Command } from "./define.ts";

/** What these subcommands need of the Cloudflare token: each permission once, with who needs it. */
export function listPermissionNeeds(
  commands: readonly Pick<Command, "name" | "calls">[],
): readonly PermissionNeed[] {
  const permissionOf = new Map<string, string | null>(
    CALLS.map(({ name, permission }) => [name, permission]),
  );
  const pairs = commands.flatMap(({ name, calls }) =>
    [...new Set(calls.map((call) => permissionOf.get(call) ?? null))].map((permission) => ({
      name,
      permission,
    })),
  );
  return [...Map.groupBy(pairs, ({ permission }) => permission)].map(([permission, those]) => ({
    permission,
    subcommands: those.map(({ name }) => name),
  }));
}
