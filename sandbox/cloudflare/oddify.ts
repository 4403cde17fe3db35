/** Turns a good answer into one that is as odd as real ones get, and still readable by a tolerant client. */
import type { Answer } from "./exchange.ts";

/** Oddities by field name. Ids and nonces stay: without them a row is worthless to any client. */
const ODDITIES: Record<string, (value: unknown) => unknown> = {
  name: () => null,
  uid: () => null,
  hostname: () => null,
  access_seat: () => null,
  active_device_count: (value) => String(value),
  created_at: () => "",
  updated_at: () => "",
  last_successful_login: () => "",
  ttl: (value) => String(value),
  iat: (value) => String(value),
  ip: () => 3405803783,
  geo: () => null,
  amr: () => null,
  groups: () => ["plain", { id: 7, name: null, email: null }, null, 42],
  mtls_auth: () => null,
  device_sessions: () => [],
  app_name: () => null,
  ray_id: () => 7_777_777,
  client_version: () => null,
  tunnel_type: () => 5,
  last_seen_at: () => "",
  risk_level: () => "critical",
  max_risk_level: () => "critical",
  event_details: () => 42,
};

/** A row that is none, added to every list. */
const STRAY_ROW = null;

export function oddify(answer: Answer): Answer {
  if (answer.kind !== "json") return answer;
  const { body } = answer;
  if (typeof body !== "object" || body === null || !("result" in body)) return answer;
  return { ...answer, body: { ...body, result: makeOdd(body.result), x_emulator: { extra: [1, null] } } };
}

function makeOdd(value: unknown): unknown {
  if (Array.isArray(value)) return [...value.map(makeOdd), STRAY_ROW];
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).map(([name, inner]): [string, unknown] => [
    name,
    Object.hasOwn(ODDITIES, name) ? ODDITIES[name]?.(inner) : makeOdd(inner),
  ]);
  return Object.fromEntries([...fields, ["x_emulator", { extra: true }]]);
}
