import { describe, expect, it } from "vitest";

import { useNock } from "../support/nock.ts";
import { A, catchError, createTestClient, mockApi, refuse, succeed } from "./support.ts";

useNock();

const ACCOUNT_ROUTE = `${A}/tokens/verify`;
const USER_ROUTE = "/client/v4/user/tokens/verify";
const WIRE = {
  id: "ed17574386854bf78a67040be0a770b0",
  status: "active",
  expires_on: "2027-01-01T00:00:00Z",
  not_before: "2018-07-01T05:20:00Z",
};
const PARSED = {
  id: "ed17574386854bf78a67040be0a770b0",
  status: "active",
  expiresAt: Date.parse("2027-01-01T00:00:00Z"),
  notBefore: Date.parse("2018-07-01T05:20:00Z"),
};

describe("verifying the token", () => {
  it("knows an account token by the account route", async () => {
    mockApi().get(ACCOUNT_ROUTE).reply(200, succeed(WIRE));
    expect(await createTestClient().tokens.verify()).toEqual({ kind: "account", ...PARSED });
  });

  it.each([401, 403, 404])("tries the user route after %i on the account route", async (status) => {
    mockApi()
      .get(ACCOUNT_ROUTE)
      .reply(status, refuse({ code: 1000, message: "Invalid API Token" }));
    mockApi().get(USER_ROUTE).reply(200, succeed(WIRE));
    expect(await createTestClient().tokens.verify()).toEqual({ kind: "user", ...PARSED });
  });

  it("reads a token without limits, and an odd answer", async () => {
    mockApi()
      .get(ACCOUNT_ROUTE)
      .reply(200, succeed({ id: 5, status: null, not_before: "", extra: 1 }));
    expect(await createTestClient().tokens.verify()).toEqual({
      kind: "account",
      id: "5",
      status: null,
      expiresAt: null,
      notBefore: null,
    });
  });

  it("says that the token is not accepted when both routes refuse it", async () => {
    mockApi()
      .get(ACCOUNT_ROUTE)
      .reply(401, refuse({ code: 1000, message: "Invalid API Token" }));
    mockApi()
      .get(USER_ROUTE)
      .reply(401, refuse({ code: 1000, message: "Invalid API Token" }));
    const error = await catchError(createTestClient().tokens.verify());
    expect(error).toMatchObject({ kind: "auth", status: 401, codes: [1000], call: "verify user token" });
  });

  it("does not try a malformed token twice", async () => {
    mockApi()
      .get(ACCOUNT_ROUTE)
      .reply(400, refuse({ code: 6003, message: "Invalid request headers" }));
    const error = await catchError(createTestClient().tokens.verify());
    expect(error).toMatchObject({ kind: "auth", codes: [6003] });
  });

  it("does not take an outage for a refusal", async () => {
    mockApi().get(ACCOUNT_ROUTE).reply(502, "<html>");
    expect(await catchError(createTestClient({ retries: 0 }).tokens.verify())).toMatchObject({ status: 502 });
    mockApi().get(ACCOUNT_ROUTE).reply(401, refuse());
    mockApi().get(USER_ROUTE).reply(502, "<html>");
    expect(await catchError(createTestClient({ retries: 0 }).tokens.verify())).toMatchObject({ status: 502 });
  });
});
