/** Starts an emulator for a test and stops it afterwards; a fetch that carries the token. */
import { onTestFinished } from "vitest";
import type { CloudflareEmulator, CloudflareEmulatorOptions } from "../../../sandbox/cloudflare/index.ts";
import { startCloudflare } from "../../../sandbox/cloudflare/index.ts";

export const ACCOUNT = "023e105f4ecef8ad9ca31a8372d0c353";
export const OTHER_ACCOUNT = "4bb334f7c94c4a29a045f03944f072e5";
export const TOKEN = "test-token";

export async function start(options: Partial<CloudflareEmulatorOptions> = {}): Promise<CloudflareEmulator> {
  const cloudflare = await startCloudflare({ accountId: ACCOUNT, tokens: [{ token: TOKEN }], ...options });
  onTestFinished(() => cloudflare.close());
  return cloudflare;
}

export type Row = Record<string, unknown>;

/** What a JSON answer is taken for; a test that expects another shape compares the whole with `toEqual`. */
export interface Envelope {
  success: boolean;
  errors: { code: number; message: string }[];
  result: Row[] & Row;
}

export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  body: Envelope;
}

export interface Ask {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Calls a path below the account (`/access/users`), or below the API where it starts with `//`. */
export async function ask(cloudflare: CloudflareEmulator, path: string, input: Ask = {}): Promise<Reply> {
  const url = path.startsWith("//") ? path.slice(1) : `/accounts/${ACCOUNT}${path}`;
  const response = await fetch(cloudflare.baseUrl + url, {
    method: input.method ?? "GET",
    headers: input.headers ?? { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    ...(input.body === undefined ? {} : { body: JSON.stringify(input.body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") === true;
  return { status: response.status, headers: response.headers, text, body: JSON.parse(isJson ? text : "{}") };
}

export function revoke(cloudflare: CloudflareEmulator, email: string, query = ""): Promise<Reply> {
  return ask(cloudflare, `/access/organizations/revoke_user${query}`, { method: "POST", body: { email } });
}

/** Everything that an async iterable yields. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** The Access id of a seeded user. */
export function idOf(cloudflare: CloudflareEmulator, email: string): string {
  const user = cloudflare.state.users.find((user) => user.email === email);
  if (!user) throw new Error(`nobody is called ${email}`);
  return user.id;
}
