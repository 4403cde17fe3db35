/** What nobody should read over a shoulder: tokens, codes, and addresses that work without one. */
import { maskSecrets } from "../../src/secrets.ts";

const MASK = "•••";
const MAX_BODY = 20_000;
const MAX_NAME = 300;

/** Fields whose value is a secret whatever it looks like. */
const SECRET_FIELDS = /^(?:token|trigger_id|response_urls?|ticket|authorization|.*(?:secret|signature))$/i;

/** What Slack's own addresses, and an authenticator's set-up and codes, give away. */
const SHAPES: readonly RegExp[] = [
  /(?<=\/actions\/\w+\/)\w+/g,
  /(?<=[?&](?:ticket|secret)=)[\w-]+/g,
  /\b(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}\b/g,
  /^\d{3} ?\d{3}$/g,
];

/** A short text, such as what was typed. */
export function maskName(text: string, secrets: readonly string[]): string {
  const masked = maskText(text, secrets);
  return masked.length <= MAX_NAME ? masked : `${masked.slice(0, MAX_NAME)}…`;
}

/** A body as JSON that can be read, cut where it is long. */
export function maskBody(body: unknown, secrets: readonly string[]): string {
  const json = JSON.stringify(maskValue(body, secrets), null, 2) ?? "";
  const more = json.length - MAX_BODY;
  return more <= 0 ? json : `${json.slice(0, MAX_BODY)}\n… ${more} more characters`;
}

function maskValue(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === "string") return maskText(value, secrets);
  if (Array.isArray(value)) return value.map((one) => maskValue(one, secrets));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      SECRET_FIELDS.test(name) && one !== null ? MASK : maskValue(one, secrets),
    ]),
  );
}

function maskText(text: string, secrets: readonly string[]): string {
  // What follows is cut off in any case.
  const start = text.slice(0, MAX_BODY);
  const known = secrets.reduce((rest, secret) => rest.replaceAll(secret, MASK), start);
  const shaped = SHAPES.reduce((rest, shape) => rest.replaceAll(shape, MASK), known);
  return maskSecrets(shaped).text;
}
