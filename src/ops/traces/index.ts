import { AsyncLocalStorage } from "node:async_hooks";

import type { Attempt, Call } from "../../api/call.ts";
import type { RunOutcome } from "../../commands/registry.ts";
import type { Config } from "../../config.ts";
import type { Engine } from "../../engine.ts";
import type { Log } from "../../log/log.ts";
import { kindOfPayload } from "../../slack/receiving/acknowledge.ts";
import { createExport, type Place, type Timed } from "./export.ts";

/**
 * What happens, as OpenTelemetry spans: a trace for the life of each request, over replicas and hours, and one for
 * everything else that a person does in Slack. Loaded only where OTEL_EXPORTER_OTLP_ENDPOINT is set.
 */
export interface Traces {
  /** What comes from Slack, with all that follows until it is answered. */
  payload<T>(body: object, work: () => Promise<T>): Promise<T>;
  /** The engine's work on a request. Nothing is told of work in which nothing was called. */
  work<T>(name: string, requestId: string, work: () => Promise<T>): Promise<T>;
  /** A step of such work. */
  step<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** The same engine, which tells what a person's doing was about. */
  watch(engine: Engine): Engine;
  commandRan(subcommand: string, outcome: RunOutcome): void;
  cloudflareTried(call: Call, attempt: Attempt): void;
  slackCalled(method: string, code: string | null, ms: number): void;
  /** Sends what is left. Never rejects. */
  stop(): Promise<void>;
}

/** One who revokes hundreds of people makes thousands of calls: beyond so many they are counted. */
const MAX_PARTS = 200;
/** Of what people do in Slack without being answered, nothing is told unless something was called for it. */
const PASSING = new Set(["zt.event", "zt.menu", "zt.other"]);

interface Scope {
  parts: Timed[];
  leftOut: number;
  place: Place | null;
  attributes: Timed["attributes"];
}

export function createTraces(
  settings: NonNullable<Config["traces"]>,
  { log, slackUrl, cloudflareUrl }: { log: Log; slackUrl: string; cloudflareUrl: string },
): Traces {
  const { record, stop } = createExport(settings, log);
  const scopes = new AsyncLocalStorage<Scope | null>();
  const slack = serverOf(slackUrl);
  const cloudflare = serverOf(cloudflareUrl);

  /** Does work in a scope of its own. `tell` gets what it was at its end; what is called later is not part of it. */
  async function inScope<T>(
    name: string,
    place: Place | null,
    work: () => Promise<T>,
    tell: (done: Timed, scope: Scope) => void,
  ): Promise<T> {
    const scope: Scope = { parts: [], leftOut: 0, place, attributes: {} };
    const startedAt = Date.now();
    const since = performance.now();
    let isFailed = true;
    try {
      const value = await scopes.run(scope, work);
      isFailed = false;
      return value;
    } finally {
      const { leftOut, attributes } = scope;
      tell(
        {
          name,
          startedAt,
          endedAt: startedAt + performance.now() - since,
          attributes: { ...attributes, ...(leftOut > 0 && { "zt.calls.left_out": leftOut }) },
          isFailed,
          parts: [...scope.parts],
        },
        scope,
      );
    }
  }

  function add(part: Timed): void {
    const scope = scopes.getStore() ?? null;
    if (scope === null) return;
    if (scope.parts.length < MAX_PARTS) scope.parts.push(part);
    else scope.leftOut += 1;
  }

  function addCall(name: string, ms: number, error: string | null, attributes: Timed["attributes"]): void {
    const endedAt = Date.now();
    add({
      name,
      isCall: true,
      startedAt: endedAt - ms,
      endedAt,
      isFailed: error !== null,
      attributes: { ...attributes, ...(error !== null && { "error.type": error }) },
      parts: [],
    });
  }

  function bind(requestId: string, isRoot: boolean): void {
    const scope = scopes.getStore();
    if (scope != null && (scope.place === null || (isRoot && !scope.place.isRoot)))
      scope.place = { requestId, isRoot };
  }

  return {
    stop,
    payload: (body, work) =>
      inScope(`zt.${kindOfPayload(body)}`, null, work, (done, { place }) => {
        if (PASSING.has(done.name) && done.parts.length === 0) return;
        const named = place?.isRoot === true ? { ...done, name: "zt.ask" } : done;
        const attributes = { ...done.attributes, "zt.payload": kindOfPayload(body), ...actionOf(body) };
        record(withRequest({ ...named, attributes }, place), place);
      }),
    work: (name, requestId, work) =>
      inScope(name, { requestId, isRoot: false }, work, (done, { place }) => {
        if (done.parts.length > 0) record(withRequest(done, place), place);
      }),
    step: (name, work) => {
      const outer = scopes.getStore() ?? null;
      return inScope(name, outer?.place ?? null, work, (done) => scopes.run(outer, () => add(done)));
    },
    watch: (engine) => ({
      ...engine,
      publish(request) {
        bind(request.id, false);
        engine.publish(request);
      },
      execute(request) {
        bind(request.id, false);
        engine.execute(request);
      },
      // Awaited by who has just made the request, and by no one else.
      cardPosted(requestId) {
        bind(requestId, true);
        return engine.cardPosted(requestId);
      },
    }),
    commandRan(subcommand, outcome) {
      const scope = scopes.getStore();
      if (scope != null)
        Object.assign(scope.attributes, { "zt.subcommand": subcommand, "zt.outcome": outcome });
    },
    cloudflareTried(call, { number, status, error, ms }) {
      addCall(
        `${call.method} ${call.path}`,
        ms,
        error ?? (status !== null && status >= 400 ? String(status) : null),
        {
          ...cloudflare,
          "http.request.method": call.method,
          "url.template": call.path,
          "zt.call": call.name,
          ...(status !== null && { "http.response.status_code": status }),
          ...(number > 1 && { "http.request.resend_count": number - 1 }),
        },
      );
    },
    slackCalled(method, code, ms) {
      addCall(`POST ${method}`, ms, code, {
        ...slack,
        "http.request.method": "POST",
        "zt.slack.method": method,
      });
    },
  };
}

/** Which button was pressed, by the constant that names it. */
function actionOf(body: object): Timed["attributes"] {
  const [action]: unknown[] = "actions" in body && Array.isArray(body.actions) ? body.actions : [];
  const id = typeof action === "object" && action !== null && "action_id" in action ? action.action_id : null;
  return typeof id === "string" && /^[a-z_]{1,40}$/.test(id) ? { "zt.action_id": id } : {};
}

function withRequest(done: Timed, place: Place | null): Timed {
  if (place === null) return done;
  return { ...done, attributes: { ...done.attributes, "zt.request.id": place.requestId } };
}

function serverOf(url: string): Timed["attributes"] {
  const { hostname, port, protocol } = new URL(url);
  return { "server.address": hostname, "server.port": Number(port || (protocol === "https:" ? 443 : 80)) };
}
