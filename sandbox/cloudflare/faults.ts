/** Things that go wrong on purpose, switched on by route. They happen before the credentials are looked at. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Answer, Call, Layer, Next, RouteName } from "./exchange.ts";
import { oddify } from "./oddify.ts";
import { tooManyRequests } from "./rate-limit.ts";

export type FaultRoute = RouteName | "*";

/**
 * `times`: how many calls it hits before it switches itself off; for ever without it. `to`: it hits only calls that name
 * this in their path, query or body, as an id or an email address.
 */
export type Fault = { times?: number; to?: string } &
  /** `jitterMs`: each call takes up to so much more or less, evenly spread. */
  (
    | { kind: "latency"; ms: number; jitterMs?: number }
    | { kind: "rate-limit"; retryAfter: number }
    | { kind: "status"; status: number; html?: boolean; body?: unknown }
    | { kind: "success-false"; code?: number; message?: string }
    /** The connection is destroyed before the effect. */
    | { kind: "drop" }
    /** The effect is applied, then the connection is destroyed. */
    | { kind: "drop-after" }
    /** No answer until the client goes away. `applied`: the effect happens all the same. */
    | { kind: "hang"; applied?: boolean }
    /** The answer has nulls, extra fields, rows that are none, numbers where strings are usual. */
    | { kind: "odd" }
  );

export interface ActiveFault {
  route: FaultRoute;
  fault: Fault;
}

export interface Faults {
  /** Switches a fault on. It takes the place of one of the same kind to the same on the same route; a latency adds to others. */
  set: (route: FaultRoute, fault: Fault) => void;
  /** Switches off everything, or a route's, or one kind of a route's. */
  clear: (route?: FaultRoute, kind?: Fault["kind"]) => void;
  list: () => ActiveFault[];
}

export function createFaults(onChange: () => void): { faults: Faults; layer: Layer } {
  let active: ActiveFault[] = [];
  const isSame = (one: ActiveFault, route?: FaultRoute, kind?: Fault["kind"]): boolean =>
    (route === undefined || one.route === route) && (kind === undefined || one.fault.kind === kind);

  const faults: Faults = {
    set(route, fault) {
      active = active.filter((one) => !isSame(one, route, fault.kind) || one.fault.to !== fault.to);
      active.push({ route, fault: { ...fault } });
      onChange();
    },
    clear(route, kind) {
      active = active.filter((one) => !isSame(one, route, kind));
      onChange();
    },
    list: () => active.map(({ route, fault }) => ({ route, fault: { ...fault } })),
  };

  /** The faults that hit this call: every latency, and one other, where the route's own comes before "*". */
  function take(call: Call): Fault[] {
    const meant = active.filter(({ fault: { to } }) => to === undefined || names(call, to));
    const hits = [
      ...meant.filter((one) => one.route === call.route.name),
      ...meant.filter((one) => one.route === "*"),
    ];
    const latencies = hits.filter((one) => one.fault.kind === "latency");
    const other = hits.find((one) => one.fault.kind !== "latency");
    const taken = other ? [...latencies, other] : latencies;
    for (const one of taken) spend(one);
    return taken.map((one) => one.fault);
  }

  function spend(one: ActiveFault): void {
    const { times } = one.fault;
    if (times === undefined) return;
    if (times <= 1) active = active.filter((other) => other !== one);
    else one.fault = { ...one.fault, times: times - 1 };
    onChange();
  }

  return { faults, layer: (call, next) => applyFaults(take(call), call, next) };
}

function names({ path, query, body }: Call, to: string): boolean {
  return JSON.stringify([path.split("/"), query, body]).includes(JSON.stringify(to));
}

async function applyFaults(faults: readonly Fault[], call: Call, next: Next): Promise<Answer> {
  const [fault, ...others] = faults;
  if (!fault) return next();
  const rest = (): Promise<Answer> => applyFaults(others, call, next);
  switch (fault.kind) {
    case "latency":
      // A client that gives up meanwhile changes nothing: a slow Cloudflare still does what it was asked.
      await sleep(fault.ms + (fault.jitterMs ?? 0) * (2 * Math.random() - 1), undefined, { ref: false });
      return rest();
    case "rate-limit":
      return tooManyRequests(fault.retryAfter);
    case "status":
      return makeFailure(fault.status, fault.html ?? false, fault.body);
    case "success-false": {
      const { code = 10001, message = "the emulator was told to refuse this call" } = fault;
      const body = { success: false, errors: [{ code, message }], messages: [], result: null };
      return { kind: "json", status: 200, body };
    }
    case "drop":
      return { kind: "cut" };
    case "drop-after":
      await rest();
      return { kind: "cut" };
    case "hang":
      if (fault.applied === true) await rest();
      await call.ended;
      return { kind: "cut" };
    case "odd":
      break;
  }
  return oddify(await rest());
}

function makeFailure(status: number, isHtml: boolean, body: unknown): Answer {
  if (isHtml) {
    const text = `<html>\r\n<head><title>${status}</title></head>\r\n<body><center><h1>${status}</h1></center><hr><center>cloudflare</center></body>\r\n</html>\r\n`;
    return { kind: "text", status, body: typeof body === "string" ? body : text, contentType: "text/html" };
  }
  if (typeof body === "string") return { kind: "text", status, body, contentType: "application/json" };
  const errors = [{ code: 10001, message: `the emulator was told to answer ${status}` }];
  return { kind: "json", status, body: body ?? { success: false, errors, messages: [], result: null } };
}
