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

describe("the log of access requests", () => {
  it("is asked for without filters", async () => {
    mockApi()
      .get(LOGS)
      .reply(200, succeed([ROW]));
    expect(await createTestClient().accessLogs.requests()).toEqual([PARSED]);
  });

  it("is asked for with exactly one address, and drops the rows of another", async () => {
    mockApi()
      .get(
        `${LOGS}?limit=50&direction=asc&since=2020-07-01T05%3A20%3A00.000Z&until=2020-10-01T05%3A20%3A00.000Z` +
          "&email=jdoe%40example.com&email_exact=true&emailOp=eq",
      )
      .reply(
        200,
        succeed([ROW, { user_email: "xjdoe@example.com" }, { user_email: "JDOE@example.com" }, {}]),
      );
    const rows = await createTestClient().accessLogs.requests({
      since: Date.parse("2020-07-01T05:20:00Z"),
      until: Date.parse("2020-10-01T05:20:00Z"),
      limit: 50,
      email: "jdoe@example.com",
      direction: "asc",
    });
    expect(rows).toEqual([PARSED, { ...BLANK, email: "JDOE@example.com" }]);
  });

  it("is read from odd rows", async () => {
    mockApi()
      .get(LOGS)
      .reply(
        200,
        succeed([{ action: 1, allowed: "no", created_at: 1_388_553_600, ip_address: null }, null, {}]),
      );
    expect(await createTestClient().accessLogs.requests()).toEqual([
      { ...BLANK, action: "1", at: 1_388_553_600_000 },
      BLANK,
    ]);
  });
});
