import { describe, expect, it } from "vitest";

import type { AuditEvent } from "../../src/api/cloudflare.ts";
import { useNock } from "../support/nock.ts";
import { A, catchError, createTestClient, mockApi, succeed } from "./support.ts";

useNock();

const AUDIT = `${A}/logs/audit`;
const SINCE = Date.parse("2026-03-13T14:00:00Z");
const BEFORE = Date.parse("2026-03-14T14:00:00Z");
const SPAN = "since=2026-03-13T14%3A00%3A00.000Z&before=2026-03-14T14%3A00%3A00.000Z";
const TOKEN_ID = "ed17574386854bf78a67040be0a770b0";

const WIRE = {
  id: "f174be9719b140d6954d70cd5fbd52db",
  account: { id: "4bb334f7c94c4a29a045f03944f072e5", name: "Example Account" },
  action: { type: "delete", description: "Delete User", result: "success", time: "2026-03-14T13:31:07Z" },
  actor: {
    type: "account",
    context: "api_token",
    token_id: TOKEN_ID,
    token_name: "zt-bot",
    email: "x@example.com",
  },
  raw: {
    cf_ray_id: "8e9b1c60ef9e1c9a",
    method: "DELETE",
    status_code: 202,
    uri: "/accounts/a/access/users/u",
  },
  resource: { id: "f174e90a", product: "access", type: "users", scope: {}, request: {}, response: {} },
};
const PARSED: AuditEvent = {
  id: "f174be9719b140d6954d70cd5fbd52db",
  at: Date.parse("2026-03-14T13:31:07Z"),
  action: "delete",
  description: "Delete User",
  succeeded: true,
  tokenId: TOKEN_ID,
  rayId: "8e9b1c60ef9e1c9a",
  method: "DELETE",
  status: 202,
  resource: { id: "f174e90a", product: "access", type: "users" },
};
const BLANK: AuditEvent = {
  id: null,
  at: null,
  action: null,
  description: null,
  succeeded: null,
  tokenId: null,
  rayId: null,
  method: null,
  status: null,
  resource: { id: null, product: null, type: null },
};

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const span = { since: SINCE, before: BEFORE };

describe("the audit log", () => {
  it("is asked for with both ends of the time, and gives the next page's cursor", async () => {
    mockApi()
      .get(`${AUDIT}?${SPAN}`)
      .reply(200, succeed([WIRE], { count: "1", cursor: "next==" }));
    expect(await createTestClient().auditLogs.list(span)).toEqual({
      items: [PARSED],
      cursor: "next==",
      totalCount: null,
    });
  });

  it("is asked for by token, order, size and cursor; no page is larger than Cloudflare allows", async () => {
    mockApi()
      .get(`${AUDIT}?${SPAN}&actor_token_id=${TOKEN_ID}&direction=asc&limit=1000&cursor=a%3D%3D`)
      .reply(200, succeed([], { count: "0", cursor: "" }));
    const query = { ...span, tokenId: TOKEN_ID, direction: "asc", limit: 5000, cursor: "a==" } as const;
    expect(await createTestClient().auditLogs.list(query)).toMatchObject({ items: [], cursor: null });
  });

  it("never gives another token's changes as this one's", async () => {
    const other = { ...WIRE, actor: { ...WIRE.actor, token_id: "another" } };
    mockApi()
      .get(`${AUDIT}?${SPAN}&actor_token_id=${TOKEN_ID}`)
      .reply(200, succeed([other, WIRE]));
    const { items } = await createTestClient().auditLogs.list({ ...span, tokenId: TOKEN_ID });
    expect(items).toEqual([PARSED]);
  });

  it.each([
    ["a number for the count", { count: 2, cursor: null }],
    ["no word of the count", {}],
    ["nothing at all", undefined],
  ])("is read from odd rows, with %s", async (_what, info) => {
    const odd = { action: "delete", actor: null, raw: [], resource: { id: 7 } };
    const failed = { action: { result: "FAILURE", time: "" }, raw: { status_code: "403" } };
    mockApi()
      .get(`${AUDIT}?${SPAN}`)
      .reply(200, succeed([odd, null, failed, {}], info));
    const client = createTestClient();
    const { items, cursor } = await client.auditLogs.list(span);
    expect(items).toEqual([
      { ...BLANK, resource: { id: "7", product: null, type: null } },
      { ...BLANK, succeeded: false, status: 403 },
      BLANK,
    ]);
    expect(cursor).toBeNull();
    expect(client.lines).toContainEqual(
      expect.objectContaining({ msg: "cloudflare rows left out", leftOut: 1, kept: 3 }),
    );
  });

  it("is read to its end, each event once, those without an id too", async () => {
    const nameless = { action: { type: "create" } };
    mockApi()
      .get(`${AUDIT}?${SPAN}&limit=2`)
      .reply(200, succeed([WIRE, nameless], { count: "2", cursor: "p2" }));
    mockApi()
      .get(`${AUDIT}?${SPAN}&limit=2&cursor=p2`)
      .reply(200, succeed([WIRE, { action: { type: "update" } }], { count: "2", cursor: "p2" }));
    const events = await collect(createTestClient().auditLogs.iterate({ ...span, limit: 2 }));
    expect(events).toEqual([PARSED, { ...BLANK, action: "create" }, { ...BLANK, action: "update" }]);
  });

  it("may refuse with nothing but a message", async () => {
    mockApi()
      .get(`${AUDIT}?${SPAN}`)
      .reply(400, { success: false, errors: [{ message: "since and before are required" }] });
    expect(await catchError(createTestClient().auditLogs.list(span))).toMatchObject({
      kind: "http",
      status: 400,
      codes: [],
      messages: ["since and before are required"],
    });
  });

  it("names the permission that is missing, though the refusal is only a message", async () => {
    mockApi()
      .get(`${AUDIT}?${SPAN}`)
      .reply(403, { success: false, errors: [{ message: "forbidden" }], messages: [] });
    expect(await catchError(createTestClient().auditLogs.list(span))).toMatchObject({
      kind: "permission",
      permission: "Account Settings Read",
    });
  });
});
