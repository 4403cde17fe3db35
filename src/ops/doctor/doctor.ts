import type { Cloudflare } from "../../api/cloudflare.ts";
import { compact } from "../../compact.ts";
import type { Config } from "../../config.ts";
import { findExposure } from "../../store/file-modes.ts";
import type { Log } from "../../log/log.ts";
import type { Policy } from "../../policy-file.ts";
import { readBlockList } from "../../lookup/block-list.ts";
import { judge } from "./checks.ts";
import { attempt, readWithin } from "./deadline.ts";
import { readCloudflare, readSkew } from "./read-cloudflare.ts";
import { createSlackProbe, tryAppToken } from "./read-slack.ts";
import type { DatabaseReading, PermissionNeed, Reading, Readings, SettingsProblem } from "./readings.ts";
import type { Report } from "./results.ts";

/** What there is to ask. null: the settings for it are wrong, so that it can't be asked. */
export interface DoctorSources {
  problems: readonly SettingsProblem[];
  slack: Pick<Config["slack"], "botToken" | "apiUrl"> | null;
  /** Socket Mode's; null where there is none, or where it is in use. */
  appToken: string | null;
  cloudflare: Cloudflare | null;
  policy: Policy | null;
  readDatabase: (() => Promise<DatabaseReading | "none yet">) | null;
  needs: readonly PermissionNeed[];
  /** Files that are zt-bot's alone; one need not be there. */
  files: readonly string[];
  /** Epoch milliseconds. */
  now(): number;
}

/** For one call, tries again included. */
const CALL_MS = 5000;
/** For all of one place: someone waits for the answer. */
const PLACE_MS = 9000;

/**
 * Asks Slack, Cloudflare, the database and this machine for everything at once, and says what is wrong. Takes ten seconds
 * at most, never rejects, and changes nothing but one row of no meaning in the database.
 */
export async function runDoctor(sources: DoctorSources): Promise<Report> {
  return judge(await readAll(sources));
}

async function readAll(sources: DoctorSources): Promise<Readings> {
  const { problems, policy, needs, files, now } = sources;
  const [machine, database, slack, cloudflare] = await Promise.all([
    attempt(async () => ({
      node: process.versions.node,
      exposed: compact(...files.map(findExposure)),
    })),
    orUnset(sources.readDatabase, (read) => readWithin(PLACE_MS, read)),
    readFromSlack(sources),
    readFromCloudflare(sources),
  ]);
  return {
    now: { ok: true, value: now() },
    settings: { ok: true, value: problems },
    policy: policy === null ? UNSET : { ok: true, value: policy },
    checksApproverRisk: { ok: true, value: policy?.checksApproverRisk ?? true },
    needs: { ok: true, value: needs },
    machine,
    database,
    ...slack,
    ...cloudflare,
  };
}

const UNSET = { ok: false, failure: { of: "settings" } } as const;

function orUnset<Source, Value>(
  source: Source | null,
  read: (source: Source) => Promise<Reading<Value>>,
): Promise<Reading<Value>> {
  return source === null ? Promise.resolve(UNSET) : read(source);
}

async function readFromSlack({
  slack,
  appToken,
  policy,
  now,
}: DoctorSources): Promise<Pick<Readings, "slack" | "slackClock" | "channel" | "principals" | "appToken">> {
  if (slack === null)
    return {
      slack: UNSET,
      channel: UNSET,
      principals: UNSET,
      appToken: UNSET,
      slackClock: { ok: true, value: null },
    };
  const probe = createSlackProbe(slack, CALL_MS, now);
  const options = { apiUrl: slack.apiUrl, timeoutMs: CALL_MS };
  const [identity, channel, principals, app] = await Promise.all([
    readWithin(PLACE_MS, () => probe.identity()),
    orUnset(policy, ({ approvalsChannel }) => readWithin(PLACE_MS, () => probe.channel(approvalsChannel))),
    orUnset(policy, (current) => readWithin(PLACE_MS, () => probe.principals(current))),
    appToken === null
      ? ({ ok: true, value: "not asked" } as const)
      : readWithin(PLACE_MS, () => tryAppToken(appToken, options)),
  ]);
  return {
    slack: identity,
    channel,
    principals,
    appToken: app,
    slackClock: { ok: true, value: probe.skew() },
  };
}

async function readFromCloudflare({
  cloudflare,
  policy,
  needs,
  now,
}: DoctorSources): Promise<Pick<Readings, "cloudflare" | "cloudflareClock" | "blockList">> {
  if (cloudflare === null)
    return { cloudflare: UNSET, cloudflareClock: { ok: true, value: null }, blockList: UNSET };
  const permissions = compact(...needs.map(({ permission }) => permission));
  const signal = AbortSignal.timeout(PLACE_MS);
  const call = { signal, timeoutMs: CALL_MS };
  const [reading, blockList] = await Promise.all([
    attempt(() => readCloudflare(cloudflare, permissions, { ...call, now })),
    orUnset(policy, ({ block }) =>
      attempt(async () => (block === null ? "not named" : readBlockList(cloudflare, block, call))),
    ),
  ]);
  const skew = reading.ok ? readSkew(cloudflare, reading.value, now()) : null;
  return { cloudflare: reading, cloudflareClock: { ok: true, value: skew }, blockList };
}

/** Of these the bot tells in its log by itself: main.ts, policy-check.ts, token-check.ts. */
const TOLD_ELSEWHERE: ReadonlySet<string> = new Set([
  "settings",
  "files",
  "policy",
  "audience",
  "block-list",
  "cloudflare",
]);

/** Each problem as a warning, but for those that the log has anyway. */
export function logProblems({ rows }: Report, log: Log): void {
  for (const row of rows)
    if (row.status === "problem" && !TOLD_ELSEWHERE.has(row.check))
      log.warn({ check: row.check, next: row.fix, link: row.link }, row.what);
}
