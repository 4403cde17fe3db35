/** The HTTP side: turns a request into a `Call`, runs it through the layers, sends the answer. */
import express from "express";
import type { NextFunction, Request, Response } from "express";
import type { Ended, Observe } from "../inspector/journal.ts";
import { accessInvalid, noRoute } from "./envelope.ts";
import type { Answer, Backend, Call, Layer, Route } from "./exchange.ts";
import { runLayers } from "./exchange.ts";
import { newRay } from "./logins.ts";
import type { RecordedRequest } from "./journal.ts";

export const API_PREFIX = "/client/v4";
const KEPT_REQUESTS = 10_000;

export interface ApiOptions {
  routes: readonly Route[];
  layers: readonly Layer[];
  backend: Backend;
  requests: RecordedRequest[];
  observe: Observe | undefined;
  /** Resolves when the emulator stops. */
  stopped: Promise<void>;
  onChange: () => void;
}

/** Everything below `/client/v4`. */
export function createApiRouter(options: ApiOptions): express.Router {
  const router = express.Router();
  router.use((request, response, next) => {
    const record: RecordedRequest = {
      route: null,
      method: request.method,
      path: request.path,
      query: toPlainQuery(readQueries(request)),
      body: undefined,
      at: options.backend.now(),
      status: null,
      cfRay: `${newRay()}-FRA`,
    };
    response.locals.record = record;
    response.setHeader("cf-ray", record.cfRay);
    response.setHeader("server", "cloudflare");
    response.setHeader("date", new Date(options.backend.now()).toUTCString());
    next();
  });
  router.use(express.json({ strict: false, limit: "1mb" }));
  router.use((request, response, next) => {
    // Recorded only now: a request that was not received in full never happened.
    const record = getRecord(response);
    record.body = request.body;
    options.requests.push(record);
    options.requests.splice(0, options.requests.length - KEPT_REQUESTS);
    response.locals.ended = options.observe?.({
      way: "bot-to-cloudflare",
      name: record.method,
      detail: describeRequest(record),
      request: record.body,
    });
    options.onChange();
    next();
  });
  for (const route of options.routes) {
    router[route.method](route.path, async (request, response) => {
      const record = getRecord(response);
      record.route = route.name;
      const call = makeCall(request, response, route, record, options.stopped);
      const answer = await runLayers(options.layers, call, async () => route.answer(call, options.backend));
      send(answer, response, options.onChange);
    });
  }
  router.use((request, response) => send(noRoute(request.path), response, options.onChange));
  router.use((error: unknown, request: Request, response: Response, next: NextFunction) => {
    if (request.destroyed || response.headersSent) return next(error);
    const isBody = typeof error === "object" && error !== null && "type" in error;
    if (!isBody) return next(error);
    return send(accessInvalid("the body is not JSON"), response, options.onChange);
  });
  return router;
}

/** The account's id is the same in every path and says nothing. */
function describeRequest({ path, query }: RecordedRequest): string {
  const parameters = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((each) => `${name}=${each}`),
  );
  const short = path.replace(/^\/accounts\/[^/]+/, "");
  return parameters.length === 0 ? short : `${short}?${parameters.join("&")}`;
}

function getRecord(response: Response): RecordedRequest {
  const record: RecordedRequest = response.locals.record;
  return record;
}

function makeCall(
  request: Request,
  response: Response,
  route: Route,
  record: RecordedRequest,
  stopped: Promise<void>,
): Call {
  let isGone = false;
  const closed = new Promise<void>((resolve) => {
    response.once("close", () => {
      isGone = !response.writableFinished;
      resolve();
    });
  });
  const headers = Object.entries(request.headers).map(([name, value]) => [name, value?.toString()]);
  return {
    route,
    method: request.method,
    path: record.path,
    params: Object.fromEntries(Object.entries(request.params).map(([name, value]) => [name, String(value)])),
    query: readQueries(request),
    body: request.body,
    headers: Object.fromEntries(headers),
    cfRay: record.cfRay,
    caller: null,
    isGone: () => isGone,
    ended: Promise.race([closed, stopped]),
  };
}

/** Read with URLSearchParams, which keeps dots in names, repeated names and the order of both. */
function readQueries(request: Request): Record<string, string[]> {
  const { searchParams } = new URL(request.originalUrl, "http://emulator");
  return Object.fromEntries(
    [...new Set(searchParams.keys())].map((name) => [name, searchParams.getAll(name)]),
  );
}

function toPlainQuery(queries: Record<string, string[]>): Record<string, string | string[]> {
  const entries = Object.entries(queries).map(([name, values]): [string, string | string[]] => {
    const [first, ...others] = values;
    return [name, first !== undefined && others.length === 0 ? first : values];
  });
  return Object.fromEntries(entries);
}

function send(answer: Answer, response: Response, onChange: () => void): void {
  const ended: ((ended: Ended) => void) | undefined = response.locals.ended;
  if (answer.kind === "cut") {
    ended?.({ error: "connection cut" });
    response.socket?.destroy();
    onChange();
    return;
  }
  getRecord(response).status = answer.status;
  const { body, status } = answer;
  ended?.({ status, response: body, broken: status === 429 ? ["rate limit of Cloudflare’s API"] : [] });
  onChange();
  if (response.destroyed) return;
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  response.status(answer.status);
  if (answer.kind === "json") response.json(answer.body);
  else response.type(answer.contentType).send(answer.body);
}
