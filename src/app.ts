import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { App, LogLevel, type Logger as BoltLogger, type Receiver } from "@slack/bolt";

import { recordBrokenPolicy, recordPolicy } from "./audit/policy-row.ts";
import { createCommands } from "./commands/index.ts";
import { listPermissionNeeds } from "./commands/permission-needs.ts";
import { compact } from "./compact.ts";
import { createCloudflare } from "./api/cloudflare.ts";
import { openSigningKey } from "./audit/heads/key-file.ts";
import { createSigner, type HeadNews } from "./audit/heads/signer.ts";
import { createForwarder } from "./audit/forward/forwarder.ts";
import { ConfigError, type Config } from "./config.ts";
import { attachListeners } from "./listeners.ts";
import type { Logger } from "./log/log.ts";
import { shareInFlight } from "./memoize.ts";
import { logProblems, runDoctor } from "./ops/doctor/doctor.ts";
import { readDatabase } from "./ops/doctor/read-database.ts";
import { createServer, createWriteProbe } from "./ops/health.ts";
import { listen } from "./ops/listen.ts";
import type { MetricsServer } from "./ops/metrics/serve.ts";
import { createPolicyCheck } from "./ops/policy-check.ts";
import { describeRecord, findRecordTrouble } from "./ops/record-health.ts";
import { checkToken } from "./ops/token-check.ts";
import type { Policy, PolicySource } from "./policy-file.ts";
import { createEngine } from "./engine.ts";
import { explainDatabase, explainSlack } from "./ops/start-error.ts";
import { createIncidentDrawer } from "./incidents/drawer.ts";
import { createNoticeDrawer } from "./incidents/trouble.ts";
import { releaseDeadLooks } from "./incidents/look.ts";
import { createHome } from "./home/home.ts";
import { findChannelProblems } from "./approvals/channel.ts";
import { createApproverRisk } from "./approvals/approver-risk.ts";
import { releaseDeadLeases } from "./requests/lease.ts";
import { touchPending } from "./requests/repository.ts";
import { announce } from "./slack/announce.ts";
import { createSlackClients } from "./slack/clients.ts";
import { createChannels } from "./slack/channels.ts";
import { createDirectory } from "./slack/directory.ts";
import { createSlackHttp } from "./slack/receiving/http.ts";
import { createPresence } from "./slack/presence.ts";
import { createPassOnce } from "./slack/receiving/replay.ts";
import { createSlackSocket } from "./slack/receiving/socket.ts";
import { createClock } from "./store/clock.ts";
import { createNotices } from "./replicas/notices.ts";
import { createSharedBudget } from "./replicas/shared-budget.ts";
import { openStore } from "./store/open.ts";
import { releaseDeadThreads } from "./threads/publish.ts";
import { createWatchDrawer } from "./watch/draw.ts";
import { headNews, recordAlarm } from "./views/record.ts";

interface AppOptions {
  config: Config;
  policy: PolicySource;
  log: Logger;
  /** Epoch milliseconds; the clock by default. */
  now?: () => number;
  /** How long to look for what was done; see execution/execute.ts. */
  verifyDelaysMs?: readonly number[];
  /** How often what fell between is looked for; see engine.ts. */
  sweepMs?: number;
  /** How often those who are watched are looked at; see engine.ts. */
  watchMs?: number;
}

export interface ZtBot {
  /** Where `/healthz`, `/readyz` and, in HTTP mode, Slack's requests are served. */
  url: string;
  /** Where metrics are scraped; null: nowhere. */
  metricsUrl: string | null;
  /** Looks for what is wrong with this installation, and puts it into the log as warnings. */
  checkUp(): Promise<void>;
  /** Reads policy.yml again and records which one is in force; a broken one keeps the old. */
  reloadPolicy(): Promise<void>;
  /** Takes no new work, finishes what it is on, closes everything. */
  stop(): Promise<void>;
}

/** One replica was told to read its policy again. */
const POLICY_RELOADED = "policy-reloaded";

/** Of the ten seconds that `docker stop` gives, the rest is for closing. */
const DRAIN_MS = 8000;

/**
 * Builds the whole bot from its settings and starts it: main.ts and the sandbox run this same function. Resolves
 * when commands are taken.
 * @throws StartError, StoreInUseError, StoreNotReadyError, ConfigError when the policy's channel is no place for cards.
 */
export async function createApp(options: AppOptions): Promise<ZtBot> {
  const { config, log, policy } = options;
  const signingKey = openSigningKey(config.auditSigning, log);
  const { mode, apiUrl, botToken, postsPerSecond } = config.slack;
  const metrics =
    config.metrics === null ? null : (await import("./ops/metrics/index.ts")).createMetrics(mode.kind);
  const traces =
    config.traces === null
      ? null
      : (await import("./ops/traces/index.ts")).createTraces(config.traces, {
          log,
          slackUrl: apiUrl,
          cloudflareUrl: config.cloudflare.baseUrl,
        });
  const slack = createSlackClients(botToken, apiUrl, {
    postsPerSecond,
    onFailure: metrics?.slackFailed,
    onCall: traces?.slackCalled,
  });
  const identity = await slack.interactive.auth.test().catch((error: unknown) => {
    throw explainSlack(error, "SLACK_BOT_TOKEN");
  });
  const channels = createChannels(slack.interactive, options.now ?? Date.now);
  /** `inForce`: the policy whose channel is in use by now; null at start. */
  const checkChannel = (next: Policy, inForce: Policy | null): Promise<string[]> =>
    findChannelProblems(channels, {
      file: config.policyFile,
      channel: next.approvalsChannel,
      inForce: inForce?.approvalsChannel ?? null,
    });
  const problems = await checkChannel(policy.current(), null);
  if (problems.length > 0) throw new ConfigError(problems);
  const store = await openStore(config.database).catch((error: unknown) => {
    throw explainDatabase(error, config);
  });
  const { db } = store;
  for (const warning of store.warnings) log.warn(warning);
  const clock = await createClock(db, log, options.now ?? Date.now);
  const { now } = clock;
  if (config.database.kind === "sqlite") {
    await releaseDeadLeases(db, now());
    await releaseDeadThreads(db);
    await releaseDeadLooks(db);
  }
  // Alone on its files it goes on at once after a crash; of replicas each has a name of its own.
  const owner = config.database.kind === "sqlite" ? "the only one" : randomUUID();
  /** How replicas reach one another; null: this process is alone. */
  const notices =
    config.database.kind === "postgres"
      ? createNotices(config.database.url, { db, log, processId: owner })
      : null;
  const cloudflare = createCloudflare({
    ...config.cloudflare,
    sharedBudget:
      notices === null ? null : createSharedBudget(db, config.cloudflare.budget, { log, notices }),
    log,
    now,
    onCall: metrics?.cloudflareCalled,
    onAttempt: traces?.cloudflareTried,
  });
  const shared = {
    db,
    cloudflare,
    log,
    now,
    policy,
    directory: createDirectory(slack.interactive, now, log),
    channels,
    approverRisk: createApproverRisk({ db, cloudflare, now }),
    homeTeamId: identity.team_id ?? "",
  };
  const { auditForward, auditForwardLag } = config;
  const home = createHome({
    ...shared,
    slack,
    recordTrouble: () => findRecordTrouble(db, auditForward, now()),
  });
  const ownEngine = createEngine({
    ...shared,
    traced: traces?.work,
    step: traces?.step,
    ...(auditForward !== null &&
      auditForwardLag !== null && { copyRequired: { sink: auditForward, ...auditForwardLag } }),
    clock,
    drawers: {
      incident: createIncidentDrawer({ ...shared, slack: slack.background }),
      watch: createWatchDrawer(db, shared.policy),
      notice: createNoticeDrawer({ db, slack: slack.background }),
    },
    slack: slack.background,
    onPublished: home.changed,
    presence: createPresence(slack.background, { now, log }),
    ...(options.verifyDelaysMs !== undefined && { verifyDelaysMs: options.verifyDelaysMs }),
    ...(options.sweepMs !== undefined && { sweepMs: options.sweepMs }),
    ...(options.watchMs !== undefined && { watchMs: options.watchMs }),
  });
  const engine = traces?.watch(ownEngine) ?? ownEngine;
  const forwarder =
    auditForward === null
      ? null
      : createForwarder(auditForward, {
          db,
          log,
          now,
          owner,
          alarm: async (why) => (await announce({ slack, policy, log }, recordAlarm(why))) !== null,
          ...(auditForwardLag === null ? {} : { longestWaitMs: auditForwardLag.ms / 2 }),
        });
  const tell = async (news: HeadNews) => (await announce({ slack, policy, log }, headNews(news))) !== null;
  const signer = signingKey === null ? null : createSigner({ db, log, now, key: signingKey, tell });

  const work = trackWork();
  const receiving = { log, boltLogger: boltLogger(log), onAcknowledged: metrics?.acknowledged };
  const socket =
    mode.kind === "socket" ? createSlackSocket({ appToken: mode.appToken, apiUrl, ...receiving }) : null;
  const http =
    mode.kind === "http" ? createSlackHttp({ signingSecret: mode.signingSecret, now, ...receiving }) : null;
  const app = new App({
    receiver: (socket ?? http)?.receiver as Receiver,
    // One workspace, whose identity is known: Bolt need not ask Slack again at every event.
    authorize: () =>
      Promise.resolve({
        botToken,
        ...(identity.bot_id !== undefined && { botId: identity.bot_id }),
        ...(identity.user_id !== undefined && { botUserId: identity.user_id }),
      }),
    clientOptions: { slackApiUrl: apiUrl },
    extendedErrorHandler: true,
    logger: boltLogger(log),
  });
  const passOnce = createPassOnce(db, log, now);
  app.use((args) => work.track(traces?.payload(args.body, () => passOnce(args)) ?? passOnce(args)));
  const homeTeamId = shared.homeTeamId;
  const policyCheck = createPolicyCheck({
    client: slack.background,
    cloudflare,
    channels,
    policy,
    homeTeamId,
    log,
  });
  const needs = listPermissionNeeds(createCommands().all);
  // Several who ask at the same time have the same answer.
  const doctor = shareInFlight(() =>
    runDoctor({
      problems: [],
      slack: config.slack,
      appToken: null,
      cloudflare,
      policy: policy.current(),
      readDatabase: () => readDatabase(db, config.database.kind),
      needs,
      files: compact(resolve(".env"), config.policyFile, config.auditSigning.file),
      now,
    }),
  );
  attachListeners(app, {
    ...shared,
    onRun(subcommand, outcome, ms) {
      metrics?.commandRan(subcommand, outcome, ms);
      traces?.commandRan(subcommand, outcome);
    },
    doctor: () => doctor(""),
    stepUpKey: config.stepUpKey,
    slack,
    engine,
    home,
    policyCheck,
  });

  const halt = new AbortController();
  let isStarted = false;
  let stopping = false;
  let stopped: Promise<void> | undefined;
  const canWrite = createWriteProbe(db, log);
  const notReady = async (): Promise<string | null> => {
    if (stopping) return "stopping";
    if (!isStarted) return "starting";
    if (socket !== null && !socket.isConnected()) return "not connected to Slack";
    return (await canWrite()) ? null : "the database takes no writes";
  };
  const server = createServer(log, {
    notReady,
    details: () => describeRecord(db, auditForward, now()),
    takeSlack:
      http === null
        ? null
        : (request, response) => {
            if (stopping || !isStarted) response.writeHead(503, { connection: "close" }).end();
            else http.take(request, response);
          },
  });
  /**
   * Cards name who may decide, so a new policy is shown on those that wait: by each replica that takes it up, as one
   * that did not have it yet may have drawn them meanwhile.
   */
  async function usePolicy(): Promise<void> {
    await recordPolicy(db, policy.hash(), now());
    await touchPending(db, now());
    // In the background: a policy is in force whatever it is warned of, and nobody who stops waits for that.
    void policyCheck.run(halt.signal);
    await engine.sweep();
  }
  async function reloadPolicy(): Promise<void> {
    const problems = await policy.reload(log, (next) => checkChannel(next, policy.current()));
    if (problems.length > 0) await recordBrokenPolicy(db, policy.hash(), problems, now());
    else await usePolicy();
    home.changed();
  }
  let reloading = Promise.resolve();
  /** One after another: the file that was read last is the one in force. */
  const queueReload = (reload: () => Promise<void>): Promise<void> =>
    (reloading = reloading
      .catch(() => {
        // Told to those who asked for that one.
      })
      .then(reload));
  /** Another replica reads a new file, or may have while this one was cut off: this one reads its own. */
  notices?.on(POLICY_RELOADED, (told) => {
    queueReload(async () => {
      await reloadPolicy();
      const theirs = told?.["hash"];
      if (typeof theirs === "string" && theirs !== policy.hash())
        log.warn(
          { file: config.policyFile, policyHash: policy.hash(), theirs },
          "another replica has another policy in force: give all of them the same file",
        );
    }).catch((error: unknown) => log.error({ err: error }, "policy not reloaded as another replica did"));
  });
  const { budget } = cloudflare;
  const budgetLimit = config.cloudflare.budget.requests;
  let url = "";
  let metricsServer: MetricsServer | undefined;
  try {
    // Before any work begins: of what starts beside a process that listens there already nothing is left half done.
    url = await listen(server, config, { port: "PORT", host: "HOST" });
    if (config.metrics !== null)
      metricsServer = await metrics?.serve(config.metrics, {
        db,
        now,
        auditForward,
        budget,
        budgetLimit,
        notReady,
        log,
      });
    await engine.start();
    await usePolicy();
    forwarder?.start();
    await signer?.start();
    await socket?.start().catch((error: unknown) => {
      throw explainSlack(error, "SLACK_APP_TOKEN");
    });
    isStarted = true;
  } catch (error) {
    await stop().catch((failure: unknown) => log.warn({ err: failure }, "not closed after a failed start"));
    throw error;
  }
  // In the background: commands are taken whatever Cloudflare says of its token.
  void work.track(checkToken({ cloudflare, log, now }, halt.signal));

  return {
    metricsUrl: metricsServer?.url ?? null,
    url,
    reloadPolicy: () =>
      queueReload(async () => {
        await reloadPolicy();
        notices?.tell(POLICY_RELOADED, { hash: policy.hash() });
      }),
    async checkUp() {
      const report = await doctor("");
      if (!stopping) logProblems(report, log);
    },
    stop: () => (stopped ??= stop()),
  };

  async function stop(): Promise<void> {
    stopping = true;
    halt.abort();
    socket?.stop();
    const drained = Promise.all([work.idle(), engine.stop()])
      // What a command enqueued while the engine was stopping is waited for as well.
      .then(() => Promise.all([engine.stop(), home.stop()]));
    await within(DRAIN_MS, drained);
    // After all that there is to record.
    await within(1000, signer?.stop() ?? Promise.resolve());
    await within(1000, forwarder?.stop() ?? Promise.resolve());
    await within(1000, traces?.stop() ?? Promise.resolve());
    // Only now: a probe is to read "stopping" as long as the process winds down.
    server.close();
    server.closeAllConnections();
    metricsServer?.close();
    await notices?.close();
    await store.close();
  }
}

/** What listeners are still doing after their acknowledgement. */
function trackWork(): { track(work: Promise<unknown>): Promise<void>; idle(): Promise<unknown> } {
  const running = new Set<Promise<unknown>>();
  return {
    async track(work) {
      running.add(work);
      try {
        await work;
      } finally {
        running.delete(work);
      }
    },
    idle: () => Promise.allSettled(running),
  };
}

/** Waits for work, and no longer than so many milliseconds. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  // Aborted once the work is over.
  const late = sleep(ms, undefined, { signal: done.signal }).catch(() => {});
  await Promise.race([work, late]).finally(() => done.abort());
}

/** Bolt's log lines in ours. Its debug level prints whole payloads: that stays off at every level. */
function boltLogger(log: Logger): BoltLogger {
  const child = log.child({ part: "bolt" });
  const text = (parts: unknown[]): string =>
    parts.map((part) => (part instanceof Error ? part.message : String(part))).join(" ");
  return {
    debug: () => {},
    info: (...parts: unknown[]) => child.info(text(parts)),
    warn: (...parts: unknown[]) => child.warn(text(parts)),
    error: (...parts: unknown[]) => child.error(text(parts)),
    setLevel: () => {},
    getLevel: () => LogLevel.INFO,
    setName: () => {},
  };
}
