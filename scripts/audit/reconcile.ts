import { parseArgs } from "node:util";

import { type Cloudflare, createCloudflare } from "../../src/api/cloudflare.ts";
import {
  type Differences,
  findDifferences,
  MARGIN_MS,
  type OurCall,
  readCalls,
  type Span,
  type TheirChange,
} from "../../src/audit/reconcile.ts";
import { readConfig } from "../../src/config.ts";
import { list, plural } from "../../src/pluralize.ts";
import {
  type AuditCommand,
  BROKEN,
  CommandError,
  complain,
  readArgs,
  readTime,
  say,
  UsageError,
  withTables,
} from "./command.ts";

/** `reconcile --since WHEN [--until WHEN]` */
export const reconcile: AuditCommand = async (args) => {
  const { values } = readArgs(() =>
    parseArgs({ args, options: { since: { type: "string" }, until: { type: "string" } } }),
  );
  if (values.since === undefined) throw new UsageError("Say since when: --since 7d");
  const span = {
    since: readTime("--since", values.since),
    until: values.until === undefined ? Date.now() : readTime("--until", values.until),
  };
  if (span.since >= span.until) throw new UsageError("--since has to be before --until");
  const { cloudflare: settings } = readConfig(process.env);
  const cloudflare = createCloudflare({ ...settings, log: TO_STDERR });
  return withTables(async ({ db }) => {
    const wider = { since: span.since - MARGIN_MS, until: span.until + MARGIN_MS };
    const [theirs, ours] = await Promise.all([readTheirs(cloudflare, wider), readCalls(db, wider)]);
    return report(findDifferences(theirs, ours, span), span);
  });
};

/** What Cloudflare recorded of everything that was done with our token. */
async function readTheirs(cloudflare: Cloudflare, { since, until }: Span): Promise<TheirChange[]> {
  if (cloudflare.authKind === "key")
    throw new CommandError(
      "A key is a person's, and their changes are not told apart: this needs an API token.",
    );
  const { id } = await cloudflare.tokens.verify();
  if (id === null) throw new CommandError("Cloudflare does not say which token this is.");
  const theirs: TheirChange[] = [];
  const query = { tokenId: id, since, before: until, direction: "asc", limit: 1000 } as const;
  for await (const event of cloudflare.auditLogs.iterate(query)) theirs.push(event);
  return theirs;
}

/** Says it in words. @returns the exit code. */
function report({ matched, onlyTheirs, onlyOurs }: Differences, { since, until }: Span): number {
  say(
    `${utc(since)} to ${utc(until)}: ${plural(matched, "change")} by our token in both Cloudflare's audit log and the record.`,
  );
  if (onlyTheirs.length > 0) say(`Only in Cloudflare's audit log: ${onlyTheirs.length}`);
  for (const { change, perhaps } of onlyTheirs) {
    say(`  ${describeChange(change)}`);
    if (perhaps !== null)
      say(
        `    perhaps ${perhaps.requestId ?? "a call"}, sent ${utc(perhaps.at)} and never answered: ${perhaps.call}`,
      );
  }
  if (onlyOurs.length > 0) say(`Only in the record: ${onlyOurs.length}`);
  for (const call of onlyOurs) say(`  ${describeCall(call)}`);
  return onlyTheirs.length + onlyOurs.length === 0 ? 0 : BROKEN;
}

function describeChange({ at, rayId, method, status, action, description }: TheirChange): string {
  const what = [method, status, action, description].filter((word) => word !== null).join(" ");
  return `${at === null ? "at an unknown time" : utc(at)}, ray ${rayId ?? "unknown"}: ${what}`;
}

function describeCall({ at, rayIds, requestId, call, seq }: OurCall): string {
  return `${utc(at)}, ${rayIds.length > 1 ? "rays" : "ray"} ${list(rayIds) || "unknown"}: ${requestId ?? "no request"}, ${call} (row ${seq})`;
}

function utc(at: number): string {
  return new Date(at).toISOString();
}

/** What is left out or tried again is said; every call that went well is not. */
const TO_STDERR = {
  debug: () => {},
  info: () => {},
  warn: (_fields: unknown, message?: string) => complain(message ?? ""),
  error: (_fields: unknown, message?: string) => complain(message ?? ""),
};
