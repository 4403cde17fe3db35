import { Writable } from "node:stream";

import nock from "nock";
import { pino } from "pino";
import { z } from "zod";

import { createCloudflare } from "../../src/api/cloudflare.ts";
import type { Cloudflare, CloudflareOptions } from "../../src/api/cloudflare.ts";

export const ORIGIN = "https://api.cloudflare.example";
export const ACCOUNT = "023e105f4ecef8ad9ca31a8372d0c353";
export const TOKEN = "test-token-Zm9vYmFy";
/** Where the account's calls live, as nock sees them. */
export const A = `/client/v4/accounts/${ACCOUNT}`;
export const USER_ID = "f174e90a-fafe-4643-bbbc-4a0ed4fc8415";
export const RAY = "8f2d1c0a9b7e6d5c-FRA";

const LogLine = z.looseObject({ level: z.number(), msg: z.string() });
export type LogLine = z.output<typeof LogLine>;

export interface TestClient extends Cloudflare {
  /** Every log line so far. */
  lines: LogLine[];
}

/** The real client, with its log kept in memory. */
export function createTestClient(overrides: Partial<CloudflareOptions> = {}): TestClient {
  const lines: LogLine[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(LogLine.parse(JSON.parse(chunk.toString())));
      done();
    },
  });
  const client = createCloudflare({
    baseUrl: `${ORIGIN}/client/v4`,
    accountId: ACCOUNT,
    auth: { kind: "token", token: TOKEN },
    log: pino({ level: "debug", base: null }, sink),
    ...overrides,
  });
  return { ...client, lines };
}

/** A nock scope that insists on the token. */
export function mockApi(): nock.Scope {
  return nock(ORIGIN, { reqheaders: { authorization: `Bearer ${TOKEN}` } }).defaultReplyHeaders({
    "content-type": "application/json",
    "cf-ray": RAY,
  });
}

export function succeed(result: unknown, resultInfo?: unknown): Record<string, unknown> {
  const envelope = { success: true, errors: [], messages: [], result };
  return resultInfo === undefined ? envelope : { ...envelope, result_info: resultInfo };
}

export function refuse(...errors: unknown[]): Record<string, unknown> {
  return { success: false, errors, messages: [], result: null };
}

/** What a promise rejects with; fails when it does not. */
export async function catchError(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("expected a rejection");
}
