import { createHash } from "node:crypto";

import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import {
  BatchSpanProcessor,
  RandomIdGenerator,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type IdGenerator,
  type SpanExporter,
} from "@opentelemetry/sdk-trace";

import manifest from "../../../package.json" with { type: "json" };
import type { Config } from "../../config.ts";
import type { Log } from "../../log/log.ts";

/** What was done, with its beginning and end, epoch milliseconds. Nothing in it is personal data. */
export interface Timed {
  name: string;
  /** A call to somewhere else. */
  isCall?: boolean;
  startedAt: number;
  endedAt: number;
  attributes: Attributes;
  /** It failed. */
  isFailed: boolean;
  /** What was done in it. */
  parts: readonly Timed[];
}

/** Where in which trace it belongs. */
export interface Place {
  requestId: string;
  /** It is how the request came about: the root of its trace. */
  isRoot: boolean;
}

export interface Export {
  /** Sends it some seconds later. `place`: null for a trace of its own. */
  record(done: Timed, place: Place | null): void;
  /** Sends what is left. Never rejects. */
  stop(): Promise<void>;
}

/** As many spans wait for a collector that is slow or gone; what comes beyond them is lost. */
const MAX_WAITING = 2048;
const TIMEOUT_MS = 5000;
/** ExportResultCode of the SDK's core, which is not ours to import. */
const SUCCESS = 0;

/**
 * Spans to a collector, as OTLP/HTTP in JSON. Nobody waits for it: spans go out in batches every two seconds, and of an outage
 * the log has one line when it begins and one when it ends, with how many spans were lost.
 */
export function createExport(settings: NonNullable<Config["traces"]>, log: Log): Export {
  const ids = createIds();
  let waiting = 0;
  let lost = 0;
  let isDown = false;

  function lose(count: number, why: string): void {
    lost += count;
    if (!isDown) log.warn({ why }, "traces are not taken, they are lost");
    isDown = true;
  }

  const target = new OTLPTraceExporter({
    url: settings.url,
    headers: settings.headers,
    timeoutMillis: TIMEOUT_MS,
  });
  const exporter: SpanExporter = {
    export(spans, callback) {
      target.export(spans, (result) => {
        waiting -= spans.length;
        const code: number = result.code;
        if (code === SUCCESS) {
          if (isDown) log.info({ lost }, "traces are taken again");
          isDown = false;
          lost = 0;
        } else {
          lose(spans.length, reasonOf(result.error));
        }
        callback(result);
      });
    },
    shutdown: () => target.shutdown(),
  };
  const provider = new TracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({
        "service.version": manifest.version,
        "service.instance.id": crypto.randomUUID(),
        ...settings.attributes,
        "service.name": settings.serviceName,
      }),
    ),
    sampler: new TraceIdRatioBasedSampler(settings.ratio),
    idGenerator: ids,
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        maxQueueSize: 2 * MAX_WAITING,
        scheduledDelayMillis: 2000,
        exportTimeoutMillis: 2 * TIMEOUT_MS,
      }),
    ],
  });
  const tracer = provider.getTracer("zt-bot", manifest.version);

  function write(done: Timed, parent: typeof ROOT_CONTEXT): void {
    const span = tracer.startSpan(
      done.name,
      {
        kind: done.isCall === true ? SpanKind.CLIENT : SpanKind.INTERNAL,
        startTime: done.startedAt,
        attributes: done.attributes,
      },
      parent,
    );
    if (done.isFailed) span.setStatus({ code: SpanStatusCode.ERROR });
    if (span.isRecording()) waiting += 1;
    const within = trace.setSpan(ROOT_CONTEXT, span);
    for (const part of done.parts) write(part, within);
    span.end(done.endedAt);
  }

  return {
    record(done, place) {
      if (waiting + sizeOf(done) > MAX_WAITING) {
        lose(sizeOf(done), "the collector is too slow");
        return;
      }
      if (place === null) return write(done, ROOT_CONTEXT);
      const { traceId, spanId } = idsOf(place.requestId);
      if (place.isRoot) {
        ids.next = { traceId, spanId };
        return write(done, ROOT_CONTEXT);
      }
      const root = { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true };
      return write(done, trace.setSpanContext(ROOT_CONTEXT, root));
    },
    stop: () =>
      provider.shutdown().catch(() => {
        // Told where it failed.
      }),
  };
}

function sizeOf({ parts }: Timed): number {
  return parts.reduce((sum, part) => sum + sizeOf(part), 1);
}

/** A request's trace and its root have ids that every replica knows without asking: they follow from the request's. */
function idsOf(requestId: string): { traceId: string; spanId: string } {
  const hash = createHash("sha256").update(`zt-bot request ${requestId}`).digest("hex");
  return { traceId: hash.slice(0, 32), spanId: hash.slice(32, 48) };
}

/** Random ids, but for the next span where its are given. */
function createIds(): IdGenerator & { next: { traceId: string; spanId: string } | null } {
  const random = new RandomIdGenerator();
  let traceId: string | null = null;
  return {
    next: null,
    // The SDK asks for the span's id first.
    generateSpanId() {
      const given = this.next;
      this.next = null;
      traceId = given?.traceId ?? null;
      return given?.spanId ?? random.generateSpanId();
    },
    generateTraceId() {
      const given = traceId;
      traceId = null;
      return given ?? random.generateTraceId();
    },
  };
}

/** The collector's status or the system's code; its words may hold anything. */
function reasonOf(error: unknown): string {
  const code: unknown = error instanceof Error && "code" in error ? error.code : null;
  return typeof code === "string" || typeof code === "number" ? String(code) : "no answer in time";
}
