import { describe, expect, it } from "vitest";

import { useNock } from "../support/nock.ts";
import { A, createTestClient, mockApi, succeed } from "./support.ts";

useNock();

const LOGS = `${A}/access/logs/access_requests`;
const ROW = {
  action: "login",
  allowed: true,
  app_domain: "test.example.com/admin",
  app_uid: "df7e2w5f-02b7-4d9d-af26-8d1988fca630",
  connection: "saml",
  created_at: "2014-01-01T05:20:00.12345Z",
  ip_address: "198.41.129.166",
  ray_id: "187d944c61940c77",
  user_email: "jdoe@example.com",
};
const PARSED = {
  action: "login",
  allowed: true,
  appDomain: "test.example.com/admin",
  appUid: "df7e2w5f-02b7-4d9d-af26-8d1988fca630",
  connection: "saml",
  at: Date.parse("2014-01-01T05:20:00.123Z"),
  ip: "198.41.129.166",
  rayId: "187d944c61940c77",
  email: "jdoe@example.com",
};
const BLANK = {
  action: null,
  allowed: null,
  appDomain: null,
  appUid: null,
  connection: null,
  at: null,
  ip: null,
  rayId: null,
  email: null,
};

const ask = (page: number, more: Record<string, string> = {}) =>
  mockApi()
    .get(LOGS)
    .query({ limit: "1000", per_page: "1000", page: String(page), direction: "desc", ...more });
const makeRows = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => ({ ...ROW, ray_id: `ray-${from + index}` }));

describe("the log of access requests", () => {
  it("is asked for without filters", async () => {
    ask(1).reply(200, succeed([ROW]));
    expect(await createTestClient().accessLogs.requests()).toEqual({ items: [PARSED], complete: true });
  });

  it("is asked for with exactly one address, and drops the rows of another", async () => {
    ask(1, {
      since: "2020-07-01T05:20:00.000Z",
      until: "2020-10-01T05:20:00.000Z",
      email: "jdoe@example.com",
      email_exact: "true",
      emailOp: "eq",
    }).reply(
      200,
      succeed([ROW, { user_email: "xjdoe@example.com" }, { user_email: "JDOE@example.com" }, {}]),
    );
    const { items } = await createTestClient().accessLogs.requests({
      since: Date.parse("2020-07-01T05:20:00Z"),
      until: Date.parse("2020-10-01T05:20:00Z"),
      email: "jdoe@example.com",
    });
    expect(items).toEqual([PARSED, { ...BLANK, email: "JDOE@example.com" }]);
  });

  it("is read from odd rows", async () => {
    ask(1).reply(
      200,
      succeed([{ action: 1, allowed: "no", created_at: 1_388_553_600, ip_address: null }, null, {}]),
    );
    const { items } = await createTestClient().accessLogs.requests();
    expect(items).toEqual([{ ...BLANK, action: "1", at: 1_388_553_600_000 }, BLANK]);
  });

  it.each([
    ["says so", { per_page: 25 }],
    ["does not", undefined],
  ])("is read page by page from a server that gives 25 at a time and %s", async (_name, info) => {
    ask(1).reply(200, succeed(makeRows(25), info));
    ask(2).reply(200, succeed(makeRows(7, 25), info));
    const { items, complete } = await createTestClient().accessLogs.requests();
    expect(new Set(items.map(({ rayId }) => rayId)).size).toBe(32);
    expect(complete).toBe(true);
  });

  it("is not said to be all when the server repeats its first page", async () => {
    ask(1).reply(200, succeed(makeRows(25)));
    ask(2).reply(200, succeed(makeRows(25)));
    const { items, complete } = await createTestClient().accessLogs.requests();
    expect(items).toHaveLength(25);
    expect(complete).toBe(false);
  });

  it("is not said to be all when it goes on after as many as were wanted", async () => {
    ask(1).reply(200, succeed(makeRows(60)));
    const { items, complete } = await createTestClient().accessLogs.requests({ max: 50 });
    expect(items).toHaveLength(50);
    expect(complete).toBe(false);
  });

  it("is given up after ten pages, and not said to be all", async () => {
    for (let page = 1; page <= 10; page += 1) ask(page).reply(200, succeed(makeRows(25, page * 25)));
    expect(await createTestClient().accessLogs.requests()).toMatchObject({ complete: false });
  });
});
