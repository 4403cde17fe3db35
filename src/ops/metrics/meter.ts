import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

import manifest from "../../../package.json" with { type: "json" };
import type { Call, CallOutcome } from "../../api/call.ts";
import { CALLS } from "../../api/cloudflare.ts";
import type { RunOutcome } from "../../commands/registry.ts";
import type { PayloadKind } from "../../slack/receiving/acknowledge.ts";

/** How zt-bot is reached by Slack. */
type Transport = "socket" | "http";

/** What happens in this process, counted: each replica has numbers of its own, and they add up. */
export interface Meter {
  registry: Registry;
  acknowledged(kind: PayloadKind, ms: number): void;
  commandRan(subcommand: string, outcome: RunOutcome, ms: number): void;
  cloudflareCalled(call: Call, outcome: CallOutcome, ms: number): void;
  slackFailed(method: string, code: string): void;
}

/** Slack waits three seconds. */
const ACK_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3];
const ANSWER_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];
const CALL_SECONDS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Makes the metrics of this process, and those that every Node process has. */
export function createMeter(transport: Transport): Meter {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  // Their names are those of counters, and they are none.
  for (const what of ["handles", "requests", "resources"])
    registry.removeSingleMetric(`nodejs_active_${what}_total`);
  new Gauge({
    name: "zt_bot_build_info",
    help: "Always 1; which version runs, on which Node.",
    labelNames: ["version", "node_version"],
    registers,
  }).set({ version: manifest.version, node_version: process.versions.node }, 1);
  const acknowledgements = new Histogram({
    name: "zt_bot_ack_duration_seconds",
    help: "From a payload of Slack's to its acknowledgement, for which Slack waits 3 seconds.",
    labelNames: ["transport", "kind"],
    buckets: ACK_SECONDS,
    registers,
  });
  const commands = new Histogram({
    name: "zt_bot_command_duration_seconds",
    help: "From a subcommand to its answer. Outcome: ok, refused (the person can fix it), failed.",
    labelNames: ["subcommand", "outcome"],
    buckets: ANSWER_SECONDS,
    registers,
  });
  const calls = new Counter({
    name: "zt_bot_cloudflare_requests_total",
    help: "Calls to Cloudflare that ended, by what came of them; retries of one call count once.",
    labelNames: ["resource", "call", "outcome"],
    registers,
  });
  // From 0 on: what begins at 1 has no increase, and the first refusal would raise no alert.
  for (const call of CALLS)
    for (const outcome of ["auth", "permission"] satisfies CallOutcome[])
      calls.inc({ resource: resourceOf(call), call: call.name, outcome }, 0);
  const callTimes = new Histogram({
    name: "zt_bot_cloudflare_request_duration_seconds",
    help: "How long calls to Cloudflare took, with retries and waiting for the rate limit.",
    labelNames: ["resource"],
    buckets: CALL_SECONDS,
    registers,
  });
  const slackFailures = new Counter({
    name: "zt_bot_slack_failures_total",
    help: "Calls that Slack refused or left unanswered, by Slack's code.",
    labelNames: ["method", "code"],
    registers,
  });
  const methodOf = createBound();
  const codeOf = createBound();
  return {
    registry,
    acknowledged: (kind, ms) => acknowledgements.observe({ transport, kind }, ms / 1000),
    commandRan: (subcommand, outcome, ms) => commands.observe({ subcommand, outcome }, ms / 1000),
    cloudflareCalled(call, outcome, ms) {
      const resource = resourceOf(call);
      calls.inc({ resource, call: call.name, outcome });
      callTimes.observe({ resource }, ms / 1000);
    },
    slackFailed: (method, code) => slackFailures.inc({ method: methodOf(method), code: codeOf(code) }),
  };
}

/** `access/users` of `/accounts/{account_id}/access/users/{id}/…`. */
function resourceOf({ path }: Call): string {
  return path
    .split("/")
    .filter((part) => part !== "" && part !== "accounts" && !part.startsWith("{"))
    .slice(0, 2)
    .join("/");
}

/** Far more than Slack has of either for what zt-bot does. */
const MAX_VALUES = 60;

/** A label's values come from Slack: what is no code of its kind, or one too many, is "other". */
function createBound(): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= MAX_VALUES || !/^[a-zA-Z][\w.]{0,49}$/.test(value)) return "other";
    known.add(value);
    return value;
  };
}
