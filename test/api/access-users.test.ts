import { describe, expect, it } from "vitest";

import type { AccessUser } from "../../src/api/cloudflare.ts";
import { useNock } from "../support/nock.ts";
import { A, catchError, createTestClient, mockApi, RAY, refuse, succeed, USER_ID } from "./support.ts";

useNock();

const USERS = `${A}/access/users`;
const USER = `${USERS}/${USER_ID}`;

const WIRE_USER = {
  id: USER_ID,
  uid: null,
  seat_uid: null,
  email: "jdoe@example.com",
  name: "Jane Doe",
  access_seat: false,
  gateway_seat: true,
  active_device_count: 2,
  created_at: "2014-01-01T05:20:00.12345Z",
  updated_at: "2014-01-01T05:20:00.12345Z",
  last_successful_login: "2020-07-01T05:20:00Z",
};

const PARSED_USER: AccessUser = {
  id: USER_ID,
  uid: null,
  seatUid: null,
  email: "jdoe@example.com",
  name: "Jane Doe",
  accessSeat: false,
  gatewaySeat: true,
  activeDeviceCount: 2,
  createdAt: Date.parse("2014-01-01T05:20:00.123Z"),
  updatedAt: Date.parse("2014-01-01T05:20:00.123Z"),
  lastLoginAt: Date.parse("2020-07-01T05:20:00Z"),
};

const BLANK_USER: AccessUser = {
  id: "42",
  uid: null,
  seatUid: null,
  email: "",
  name: "",
  accessSeat: null,
  gatewaySeat: null,
  activeDeviceCount: null,
  createdAt: null,
  updatedAt: null,
  lastLoginAt: null,
};

function makeUsers(count: number, from = 0): { id: string; email: string }[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `user-${from + index}`,
    email: `user${from + index}@example.com`,
  }));
}

async function collectIds(users: AsyncIterable<AccessUser>): Promise<string[]> {
  const ids: string[] = [];
  for await (const user of users) ids.push(user.id);
  return ids;
}

describe("listing users", () => {
  it("asks for a page and reads what is in it", async () => {
    mockApi()
      .get(`${USERS}?page=1&per_page=25`)
      .reply(200, succeed([WIRE_USER], { count: 1, page: 1, per_page: 25, total_count: 1, total_pages: 1 }));
    const page = await createTestClient().accessUsers.list();
    expect(page).toEqual({ items: [PARSED_USER], page: 1, perPage: 25, totalCount: 1, totalPages: 1 });
  });

  it("writes + as %2B, @ as %40 and a space as + in the query", async () => {
    mockApi()
      .get(`${USERS}?name=Jane+Doe&email=jdoe%2Btest%40example.com&search=a%26b%2Cc&page=3&per_page=50`)
      .reply(200, succeed([]));
    const page = await createTestClient().accessUsers.list({
      name: "Jane Doe",
      email: "jdoe+test@example.com",
      search: "a&b,c",
      page: 3,
      perPage: 50,
    });
    expect(page).toEqual({ items: [], page: 3, perPage: 50, totalCount: null, totalPages: null });
  });

  it.each([
    [1, 1],
    [7, 10],
    [26, 50],
    [101, 1000],
    [5000, 1000],
  ])("asks for a page of %i with a size that Access accepts: %i", async (wanted, asked) => {
    mockApi().get(`${USERS}?page=1&per_page=${asked}`).reply(200, succeed([]));
    expect((await createTestClient().accessUsers.list({ perPage: wanted })).perPage).toBe(asked);
  });

  it("keeps a row of nulls, extra fields and numbers, and leaves out only what has no id", async () => {
    mockApi()
      .get(`${USERS}?page=1&per_page=25`)
      .reply(
        200,
        succeed(
          [
            { id: 42, email: null, name: {}, created_at: "", updated_at: false, brand_new: [1] },
            { email: "no-id@example.com" },
            null,
            "text",
            [],
            { ...WIRE_USER, created_at: 1_388_553_600, last_successful_login: "0001-01-01T00:00:00Z" },
          ],
          { page: "1", per_page: "25", total_count: "6", total_pages: null },
        ),
      );
    const client = createTestClient();
    const page = await client.accessUsers.list();
    expect(page.items).toEqual([
      BLANK_USER,
      { ...PARSED_USER, createdAt: 1_388_553_600_000, lastLoginAt: null },
    ]);
    expect(page).toMatchObject({ page: 1, perPage: 25, totalCount: 6, totalPages: null });
    expect(client.lines).toContainEqual(
      expect.objectContaining({ msg: "cloudflare rows left out", leftOut: 4, kept: 2 }),
    );
  });

  it("reads a null list as empty, and refuses to read a missing one as empty", async () => {
    mockApi().get(`${USERS}?page=1&per_page=25`).reply(200, succeed(null));
    mockApi().get(`${USERS}?page=1&per_page=25`).reply(200, { success: true });
    mockApi()
      .get(`${USERS}?page=1&per_page=25`)
      .reply(200, succeed({ users: [] }));
    const { accessUsers } = createTestClient();
    expect((await accessUsers.list()).items).toEqual([]);
    await expect(accessUsers.list()).rejects.toMatchObject({ kind: "shape" });
    await expect(accessUsers.list()).rejects.toMatchObject({ kind: "shape" });
  });
});

describe("iterating over users", () => {
  it("goes on while pages are full and ends after a short one", async () => {
    mockApi()
      .get(`${USERS}?page=1&per_page=5`)
      .reply(200, succeed(makeUsers(5), { per_page: 5 }));
    mockApi()
      .get(`${USERS}?page=2&per_page=5`)
      .reply(200, succeed(makeUsers(2, 5), { per_page: 5 }));
    const ids = await collectIds(createTestClient().accessUsers.iterate({ perPage: 5 }));
    expect(ids).toEqual(makeUsers(7).map(({ id }) => id));
  });

  it("asks for 1000 at a time and ends after an empty page, whatever total_pages says", async () => {
    mockApi()
      .get(`${USERS}?page=1&per_page=1000`)
      .reply(200, succeed(makeUsers(5), { per_page: 5, total_pages: 1 }));
    mockApi()
      .get(`${USERS}?page=2&per_page=1000`)
      .reply(200, succeed([], { per_page: 5, total_pages: 99 }));
    expect(await collectIds(createTestClient().accessUsers.iterate())).toHaveLength(5);
  });

  it.each([
    ["says so", { per_page: 50 }],
    ["repeats what was asked for, with the total", { per_page: 1000, total_count: 69 }],
    ["says nothing", undefined],
  ])("goes on when a server gives 50 of the 1000 asked for and %s", async (_name, info) => {
    mockApi()
      .get(`${USERS}?page=1&per_page=1000`)
      .reply(200, succeed(makeUsers(50), info));
    mockApi()
      .get(`${USERS}?page=2&per_page=1000`)
      .reply(200, succeed(makeUsers(19, 50), info && { ...info, per_page: 50 }));

    expect(await collectIds(createTestClient().accessUsers.iterate())).toHaveLength(69);
  });

  it("ends when a server answers every page with the first", async () => {
    mockApi()
      .get(`${USERS}?page=1&per_page=5`)
      .reply(200, succeed(makeUsers(5), { per_page: 5 }));
    mockApi()
      .get(`${USERS}?page=2&per_page=5`)
      .reply(200, succeed(makeUsers(5), { per_page: 5 }));
    expect(await collectIds(createTestClient().accessUsers.iterate({ perPage: 5 }))).toHaveLength(5);
  });

  it("counts an unreadable row as one of a full page", async () => {
    mockApi()
      .get(`${USERS}?page=1&per_page=5`)
      .reply(200, succeed([...makeUsers(4), null], { per_page: 5 }));
    mockApi().get(`${USERS}?page=2&per_page=5`).reply(200, succeed([]));
    expect(await collectIds(createTestClient().accessUsers.iterate({ perPage: 5 }))).toHaveLength(4);
  });

  it("asks for no further page once its reader has stopped", async () => {
    mockApi()
      .get(`${USERS}?page=2&per_page=5`)
      .reply(200, succeed(makeUsers(5), { per_page: 5 }));
    for await (const user of createTestClient().accessUsers.iterate({ perPage: 5, page: 2 })) {
      expect(user.id).toBe("user-0");
      break;
    }
  });
});

describe("finding a user by email", () => {
  it("keeps only the same address, case folded and tag kept", async () => {
    const rows = [
      { id: "1", email: "JDoe@Example.com" },
      { id: "2", email: "jdoe+tag@example.com" },
      { id: "3", email: "ajdoe@example.com" },
      { id: "4", email: "jdoe@example.com" },
      { id: "5", email: null },
    ];
    mockApi().get(`${USERS}?email=jdoe%40example.com&page=1&per_page=100`).reply(200, succeed(rows));
    const found = await createTestClient().accessUsers.findByEmail(" jdoe@example.com ");
    expect(found.map(({ id }) => id)).toEqual(["1", "4"]);
  });

  it("looks on the next page when the filter let a full page through", async () => {
    const near = makeUsers(100);
    mockApi()
      .get(`${USERS}?email=jdoe%40example.com&page=1&per_page=100`)
      .reply(200, succeed(near, { per_page: 100 }));
    mockApi()
      .get(`${USERS}?email=jdoe%40example.com&page=2&per_page=100`)
      .reply(200, succeed([WIRE_USER], { per_page: 100 }));
    expect(await createTestClient().accessUsers.findByEmail("jdoe@example.com")).toEqual([PARSED_USER]);
  });

  it("asks once where the total counts everybody, whatever was asked for", async () => {
    mockApi()
      .get(`${USERS}?email=jdoe%40example.com&page=1&per_page=100`)
      .reply(200, succeed([WIRE_USER], { per_page: 100, total_count: 5000 }));
    expect(await createTestClient().accessUsers.findByEmail("jdoe@example.com")).toEqual([PARSED_USER]);
  });

  it("asks again in lower case when nobody is found as typed", async () => {
    mockApi().get(`${USERS}?email=JDoe%40Example.com&page=1&per_page=100`).reply(200, succeed([]));
    mockApi()
      .get(`${USERS}?email=jdoe%40example.com&page=1&per_page=100`)
      .reply(200, succeed([WIRE_USER]));
    expect(await createTestClient().accessUsers.findByEmail("JDoe@Example.com")).toEqual([PARSED_USER]);
  });

  it("finds nobody, once, for an address nobody has", async () => {
    mockApi().get(`${USERS}?email=x%40example.com&page=1&per_page=100`).reply(200, succeed([]));
    expect(await createTestClient().accessUsers.findByEmail("x@example.com")).toEqual([]);
  });

  it("sends nothing for an empty address", async () => {
    await expect(createTestClient().accessUsers.findByEmail("  ")).rejects.toThrow(TypeError);
  });
});

describe("whether a user is gone", () => {
  const gone = { id: USER_ID, email: "jdoe@example.com" };
  const ask = () => createTestClient().accessUsers.confirmGone(gone);
  const get = (status: number, body: string | Record<string, unknown>) =>
    mockApi().get(`${A}/access/users/${USER_ID}`).reply(status, body);
  const list = (users: unknown[]) =>
    mockApi()
      .get(`${A}/access/users`)
      .query((query) => query["email"] === gone.email)
      .reply(200, succeed(users));
  const notFound = refuse({ code: 12135, message: "access.api.error.not_found" });

  it("is so when neither the id nor the list has them", async () => {
    get(404, notFound);
    list([]);
    expect(await ask()).toBe("gone");
  });

  it("is not so while the id answers", async () => {
    get(200, succeed({ id: USER_ID, email: gone.email }));
    expect(await ask()).toBe("there");
  });

  it("is not so while the list still has them", async () => {
    get(404, notFound);
    list([{ id: USER_ID, email: gone.email }]);
    expect(await ask()).toBe("there");
  });

  it("names the other user who has the address now", async () => {
    get(404, notFound);
    list([{ id: "another-id", email: "JDoe@example.com" }]);
    expect(await ask()).toMatchObject({ other: { id: "another-id" } });
  });

  it.each([
    ["a page that says 404", 404, "<html>", "unexpected"],
    ["a route that is not there", 400, refuse({ code: 7003, message: "Could not route" }), "http"],
    ["a missing permission", 403, refuse({ code: 10000, message: "Authentication error" }), "permission"],
  ])("is not concluded from %s", async (_name, status, body, kind) => {
    get(status, body);
    expect(await catchError(ask())).toMatchObject({ kind });
  });

  it("is not concluded when the list cannot be read", async () => {
    get(404, notFound);
    mockApi()
      .get(`${A}/access/users`)
      .query(true)
      .reply(403, refuse({ code: 10000, message: "Authentication error" }));
    expect(await catchError(ask())).toMatchObject({ kind: "permission", call: "list users" });
  });

  it("of a user without an address is looked for in the whole list", async () => {
    get(404, notFound);
    mockApi()
      .get(`${A}/access/users`)
      .query({ page: 1, per_page: 1000 })
      .reply(200, succeed([{ id: USER_ID }, { id: "another-id" }]));
    expect(await createTestClient().accessUsers.confirmGone({ id: USER_ID, email: "" })).toBe("there");
  });
});

describe("one user", () => {
  it("is read by id", async () => {
    mockApi().get(USER).reply(200, succeed(WIRE_USER));
    expect(await createTestClient().accessUsers.get(USER_ID)).toEqual(PARSED_USER);
  });

  it("is read from an odd answer", async () => {
    mockApi()
      .get(USER)
      .reply(200, succeed({ id: 42, email: 0.5, name: null, extra: {} }));
    expect(await createTestClient().accessUsers.get(USER_ID)).toEqual({ ...BLANK_USER, email: "0.5" });
  });

  it.each([null, undefined, [], "text", { email: "no-id@example.com" }])(
    "is not read from %j",
    async (result) => {
      mockApi().get(USER).reply(200, succeed(result));
      const error = await catchError(createTestClient().accessUsers.get(USER_ID));
      expect(error).toMatchObject({ kind: "shape", call: "get user", applied: "no" });
      expect(String(error)).not.toContain("no-id@example.com");
    },
  );

  it("is created with 201", async () => {
    mockApi().post(USERS, { email: "jdoe@example.com", name: "Jane Doe" }).reply(201, succeed(WIRE_USER));
    mockApi()
      .post(USERS, { email: "jdoe@example.com" })
      .reply(201, succeed({ id: 42, extra: true }));
    const { accessUsers } = createTestClient();
    expect(await accessUsers.create({ email: "jdoe@example.com", name: "Jane Doe" })).toEqual({
      cfRay: RAY,
      status: 201,
    });
    expect(await accessUsers.create({ email: "jdoe@example.com" })).toEqual({ cfRay: RAY, status: 201 });
  });

  it("may have been created when the answer cannot be read", async () => {
    mockApi().post(USERS).reply(201, succeed(null));
    const error = await catchError(createTestClient().accessUsers.create({ email: "jdoe@example.com" }));
    expect(error).toMatchObject({ kind: "shape", call: "create user", applied: "maybe", status: 201 });
  });

  it("may have been renamed when the answer cannot be read", async () => {
    mockApi().put(USER).reply(200, succeed(null));
    const input = { email: "jdoe@example.com", name: "Jane Roe" };
    const error = await catchError(createTestClient().accessUsers.update(USER_ID, input));
    expect(error).toMatchObject({ kind: "shape", call: "update user", applied: "maybe", status: 200 });
  });

  it("is renamed, with the email to confirm who is meant", async () => {
    mockApi().put(USER, { email: "jdoe@example.com", name: "Jane Roe" }).reply(200, succeed(WIRE_USER));
    const input = { email: "jdoe@example.com", name: "Jane Roe" };
    expect(await createTestClient().accessUsers.update(USER_ID, input)).toEqual({
      cfRay: RAY,
      status: 200,
    });
  });

  it("is renamed with an odd answer", async () => {
    mockApi()
      .put(USER)
      .reply(200, succeed({ id: 42, name: null, email: [] }));
    const input = { email: "jdoe@example.com", name: "Jane Roe" };
    expect(await createTestClient().accessUsers.update(USER_ID, input)).toEqual({
      cfRay: RAY,
      status: 200,
    });
  });

  it.each([{ id: USER_ID }, null, undefined, "odd"])("is deleted with 202 and result %j", async (result) => {
    mockApi().delete(USER).reply(202, succeed(result));
    expect(await createTestClient().accessUsers.remove(USER_ID)).toEqual({ cfRay: RAY, status: 202 });
  });

  it.each(["", " ", ".", ".."])("is never asked for by the id %j", async (id) => {
    const { accessUsers } = createTestClient();
    await expect(accessUsers.get(id)).rejects.toThrow(TypeError);
    await expect(accessUsers.remove(id)).rejects.toThrow(TypeError);
    await expect(accessUsers.activeSession(USER_ID, id)).rejects.toThrow(TypeError);
  });

  it("is asked for with an id that cannot leave its place in the path", async () => {
    mockApi().get(`${USERS}/..%2Forganizations%3Fa%3D1`).reply(200, succeed(WIRE_USER));
    expect(await createTestClient().accessUsers.get("../organizations?a=1")).toEqual(PARSED_USER);
  });
});

describe("active sessions", () => {
  it("are read with their apps and with times in milliseconds", async () => {
    const app = { uid: "cc2a8145", name: "app name", hostname: "test.example.com", type: "self_hosted" };
    mockApi()
      .get(`${USER}/active_sessions`)
      .reply(
        200,
        succeed([
          {
            name: "session-key",
            expiration: 1_694_813_999,
            metadata: {
              nonce: "X1aXj1lFVcqqyoXF",
              iat: 1_694_791_905,
              expires: 1_694_813_506,
              ttl: 21_600,
              apps: { one: app },
            },
          },
        ]),
      );
    expect(await createTestClient().accessUsers.activeSessions(USER_ID)).toEqual([
      {
        nonce: "X1aXj1lFVcqqyoXF",
        name: "session-key",
        issuedAt: 1_694_791_905_000,
        expiresAt: 1_694_813_506_000,
        apps: [app],
      },
    ]);
  });

  it("still count when next to nothing of them can be read", async () => {
    const apps = { a: null, b: { uid: 7, name: null, extra: 1 } };
    mockApi()
      .get(`${USER}/active_sessions`)
      .reply(
        200,
        succeed([
          {},
          { name: 5, expiration: 1_694_813_999, metadata: null },
          { metadata: { nonce: null, iat: "", expires: "2023-09-15T21:31:46Z", apps } },
          { metadata: { nonce: "n", apps: [] } },
          null,
        ]),
      );
    const blank = { nonce: null, name: null, issuedAt: null, expiresAt: null, apps: null };
    expect(await createTestClient().accessUsers.activeSessions(USER_ID)).toEqual([
      blank,
      { ...blank, name: "5", expiresAt: 1_694_813_999_000 },
      {
        ...blank,
        expiresAt: 1_694_813_506_000,
        apps: [{ uid: "7", name: null, hostname: null, type: null }],
      },
      { ...blank, nonce: "n", apps: [] },
    ]);
  });

  it("are never taken for none when the list is missing", async () => {
    mockApi().get(`${USER}/active_sessions`).reply(200, { success: true, errors: [], messages: [] });
    const error = await catchError(createTestClient().accessUsers.activeSessions(USER_ID));
    expect(error).toMatchObject({ kind: "shape" });
  });
});

const WIRE_IDENTITY = {
  id: "1164449231815010287495",
  name: "Test User",
  email: "test@example.com",
  groups: [
    { id: "02fk", name: "Eng", email: "eng@example.com" },
    "plain",
    { email: "ops@example.com" },
    { id: 9 },
  ],
  amr: ["pwd", "mfa"],
  oidc_fields: { preferred_username: "test@example.com" },
  idp: { id: "d5324eb7-e2be-4d38-9aed-390d8c33e2bb", type: "azureAD" },
  geo: { country: "US" },
  user_uuid: "57cf8cf2-f55a-4588-9ac9-f5e41e9f09b4",
  account_id: "023e105f4ecef8ad9ca31a8372d0c353",
  iat: 1_694_791_905,
  ip: "203.0.113.7",
  auth_status: "NONE",
  common_name: "",
  service_token_id: "",
  service_token_status: false,
  is_warp: false,
  is_gateway: true,
  device_id: "",
  devicePosture: {
    rule1: {
      id: "rule-id",
      type: "file",
      rule_name: "Disk encrypted",
      success: true,
      timestamp: "2023-09-15T15:31:45Z",
      check: { exists: true, path: "/x" },
      data: {},
      error: "",
      description: "",
    },
    rule2: { type: "os_version", success: false, error: "too old" },
    rule3: null,
  },
  device_sessions: { device1: { last_authenticated: 1_638_832_687 }, device2: null },
  mtls_auth: {
    auth_status: "NONE",
    cert_issuer_dn: "",
    cert_issuer_ski: "",
    cert_presented: false,
    cert_serial: "",
  },
  version: 2,
};

const PARSED_IDENTITY = {
  id: "1164449231815010287495",
  name: "Test User",
  email: "test@example.com",
  groups: ["Eng", "plain", "ops@example.com", "9"],
  idp: { id: "d5324eb7-e2be-4d38-9aed-390d8c33e2bb", type: "azureAD" },
  country: "US",
  ip: "203.0.113.7",
  userUuid: "57cf8cf2-f55a-4588-9ac9-f5e41e9f09b4",
  issuedAt: 1_694_791_905_000,
  authStatus: "NONE",
  commonName: null,
  isWarp: false,
  isGateway: true,
  deviceId: "",
  amr: ["pwd", "mfa"],
  posture: [
    {
      id: "rule-id",
      name: "Disk encrypted",
      type: "file",
      success: true,
      error: null,
      checkedAt: 1_694_791_905_000,
    },
    { id: "rule2", name: null, type: "os_version", success: false, error: "too old", checkedAt: null },
  ],
  deviceSessions: [
    { deviceId: "device1", lastAuthenticatedAt: 1_638_832_687_000 },
    { deviceId: "device2", lastAuthenticatedAt: null },
  ],
  mtls: { presented: false, status: "NONE", issuer: null, serial: null },
  serviceToken: { id: "", status: false },
};

const BLANK_IDENTITY = {
  id: null,
  name: null,
  email: null,
  groups: null,
  idp: null,
  country: null,
  ip: null,
  userUuid: null,
  issuedAt: null,
  authStatus: null,
  commonName: null,
  isWarp: null,
  isGateway: null,
  deviceId: null,
  amr: null,
  posture: null,
  deviceSessions: null,
  mtls: null,
  serviceToken: null,
};

describe("an identity", () => {
  it("is read in full", async () => {
    mockApi().get(`${USER}/last_seen_identity`).reply(200, succeed(WIRE_IDENTITY));
    expect(await createTestClient().accessUsers.lastSeenIdentity(USER_ID)).toEqual(PARSED_IDENTITY);
  });

  it("is read from GitHub's number for an id, an old idp with extra keys, and everything else odd", async () => {
    mockApi()
      .get(`${USER}/last_seen_identity`)
      .reply(
        200,
        succeed({
          id: 583_231,
          idp: { id: null, type: "github", scopes: [], version: 0 },
          groups: "admins",
          geo: "US",
          devicePosture: [{ success: "true" }, 4],
          device_sessions: [],
          mtls_auth: [],
          amr: [null, 1],
          iat: null,
          is_warp: "maybe",
        }),
      );
    expect(await createTestClient().accessUsers.lastSeenIdentity(USER_ID)).toEqual({
      ...BLANK_IDENTITY,
      id: "583231",
      idp: { id: null, type: "github" },
      amr: ["1"],
      posture: [{ id: null, name: null, type: null, success: true, error: null, checkedAt: null }],
    });
  });

  it("of a service token has no email and names the token", async () => {
    mockApi()
      .get(`${USER}/last_seen_identity`)
      .reply(
        200,
        succeed({ service_token_id: "token.access", service_token_status: true, common_name: "ci.access" }),
      );
    expect(await createTestClient().accessUsers.lastSeenIdentity(USER_ID)).toEqual({
      ...BLANK_IDENTITY,
      commonName: "ci.access",
      serviceToken: { id: "token.access", status: true },
    });
  });

  it("that is empty is read as one that says nothing", async () => {
    mockApi().get(`${USER}/last_seen_identity`).reply(200, succeed({}));
    expect(await createTestClient().accessUsers.lastSeenIdentity(USER_ID)).toEqual(BLANK_IDENTITY);
  });

  it("that is null cannot be read", async () => {
    mockApi().get(`${USER}/last_seen_identity`).reply(200, succeed(null));
    const error = await catchError(createTestClient().accessUsers.lastSeenIdentity(USER_ID));
    expect(error).toMatchObject({ kind: "shape", call: "get last seen identity" });
  });

  it("of one session also says whether the session is active", async () => {
    mockApi()
      .get(`${USER}/active_sessions/X1aXj1lFVcqqyoXF`)
      .reply(200, succeed({ ...WIRE_IDENTITY, isActive: true }));
    expect(await createTestClient().accessUsers.activeSession(USER_ID, "X1aXj1lFVcqqyoXF")).toEqual({
      ...PARSED_IDENTITY,
      isActive: true,
    });
  });

  it("of one session does not claim that it is active when nothing says so", async () => {
    mockApi()
      .get(`${USER}/active_sessions/a%2Fb`)
      .reply(200, succeed({ isActive: 1, name: 5 }));
    expect(await createTestClient().accessUsers.activeSession(USER_ID, "a/b")).toEqual({
      ...BLANK_IDENTITY,
      name: "5",
      isActive: null,
    });
  });
});

describe("failed logins", () => {
  it("are read with app, time and ray", async () => {
    mockApi()
      .get(`${USER}/failed_logins`)
      .reply(
        200,
        succeed([
          {
            expiration: 0,
            metadata: {
              app_name: "Test App",
              aud: "39691c",
              datetime: "2022-02-02T21:54:34.914Z",
              ray_id: "6d76a8a42ead4133",
              user_email: "test@example.com",
              user_uuid: "57171132-e453-4ee8-b2a5-8cbaad333207",
            },
          },
        ]),
      );
    expect(await createTestClient().accessUsers.failedLogins(USER_ID)).toEqual([
      {
        appName: "Test App",
        aud: "39691c",
        at: Date.parse("2022-02-02T21:54:34.914Z"),
        rayId: "6d76a8a42ead4133",
        email: "test@example.com",
        expiresAt: null,
      },
    ]);
  });

  it("are read from odd rows", async () => {
    const metadata = { app_name: 7, datetime: 1_643_838_874, ray_id: null, extra: {} };
    mockApi()
      .get(`${USER}/failed_logins`)
      .reply(200, succeed([{ expiration: "soon", metadata }, { metadata: [] }, 3]));
    const blank = { appName: null, aud: null, at: null, rayId: null, email: null, expiresAt: null };
    expect(await createTestClient().accessUsers.failedLogins(USER_ID)).toEqual([
      { ...blank, appName: "7", at: 1_643_838_874_000 },
      blank,
    ]);
  });
});
