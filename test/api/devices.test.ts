import nock from "nock";
import { describe, expect, it } from "vitest";

import type { Cloudflare, Registration } from "../../src/api/cloudflare.ts";
import { useNock } from "../support/nock.ts";
import { A, catchError, createTestClient, mockApi, ORIGIN, RAY, succeed } from "./support.ts";

useNock();

const REGISTRATIONS = `${A}/devices/registrations`;

const WIRE_REGISTRATION = {
  id: "11ffb86f-3f0c-4306-b4a2-e62f872b166a",
  registration_type: "warp",
  device: { id: "32aa0404-78f1-49a4-99e0-97f575081356", name: "My Device", client_version: "1.0.0" },
  user: { id: "30323c1f-318d-4ec9-92c7-5a8c4d25c4fc", email: "alice@example.org", name: "Alice" },
  key: "U+QT",
  key_type: "secp256r1",
  tunnel_type: "masque",
  created_at: "2025-02-14T13:17:00Z",
  updated_at: "2025-02-14T13:17:00Z",
  last_seen_at: "2025-02-14T13:17:00Z",
  revoked_at: null,
  deleted_at: null,
};

const AT = Date.parse("2025-02-14T13:17:00Z");
const PARSED_REGISTRATION: Registration = {
  id: "11ffb86f-3f0c-4306-b4a2-e62f872b166a",
  type: "warp",
  deviceId: "32aa0404-78f1-49a4-99e0-97f575081356",
  deviceName: "My Device",
  clientVersion: "1.0.0",
  userId: "30323c1f-318d-4ec9-92c7-5a8c4d25c4fc",
  userEmail: "alice@example.org",
  userName: "Alice",
  keyType: "secp256r1",
  tunnelType: "masque",
  createdAt: AT,
  updatedAt: AT,
  lastSeenAt: AT,
  revokedAt: null,
  deletedAt: null,
  multiUser: true,
};

const BLANK_REGISTRATION: Registration = {
  id: "1",
  type: null,
  deviceId: null,
  deviceName: null,
  clientVersion: null,
  userId: null,
  userEmail: null,
  userName: null,
  keyType: null,
  tunnelType: null,
  createdAt: null,
  updatedAt: null,
  lastSeenAt: null,
  revokedAt: null,
  deletedAt: null,
  multiUser: false,
};

async function collectIds(registrations: AsyncIterable<Registration>): Promise<string[]> {
  const ids: string[] = [];
  for await (const registration of registrations) ids.push(registration.id);
  return ids;
}

describe("listing registrations", () => {
  it("reads a page and its cursor, and never the key", async () => {
    const info = { count: 1, per_page: 10, cursor: "ais86dftf.asdf7ba8", total_count: null };
    mockApi()
      .get(REGISTRATIONS)
      .reply(200, succeed([WIRE_REGISTRATION], info));
    expect(await createTestClient().devices.registrations()).toEqual({
      items: [PARSED_REGISTRATION],
      cursor: "ais86dftf.asdf7ba8",
      totalCount: null,
    });
  });

  it("writes dotted names and repeated ids", async () => {
    mockApi()
      .get(`${REGISTRATIONS}?user.id=u1&user.id=u2&id=r1&id=r2&status=all&per_page=20&cursor=c%3D%3D`)
      .reply(200, succeed([], { cursor: "" }));
    const page = await createTestClient().devices.registrations({
      userIds: ["u1", "u2"],
      ids: ["r1", "r2"],
      status: "all",
      perPage: 20,
      cursor: "c==",
    });
    expect(page).toEqual({ items: [], cursor: null, totalCount: null });
  });

  it("reads odd rows, and no multi-user mode where ids agree or the device is unknown", async () => {
    mockApi()
      .get(REGISTRATIONS)
      .reply(
        200,
        succeed(
          [
            { id: 1, device: null, user: "alice", created_at: 0, extra: {} },
            {
              id: "1",
              device: { id: "1", name: 12, client_version: null },
              revoked_at: "2025-02-14T13:17:00Z",
            },
            { device: { id: "no registration id" } },
            null,
          ],
          { cursor: null, total_count: 4 },
        ),
      );
    expect(await createTestClient().devices.registrations()).toEqual({
      items: [
        BLANK_REGISTRATION,
        { ...BLANK_REGISTRATION, deviceId: "1", deviceName: "12", revokedAt: AT, multiUser: false },
      ],
      cursor: null,
      totalCount: 4,
    });
  });
});

describe("iterating over registrations", () => {
  it.each([{ cursor: "" }, { cursor: null }, {}, undefined])("ends when result_info is %j", async (info) => {
    mockApi()
      .get(`${REGISTRATIONS}?user.id=u1&status=all`)
      .reply(200, succeed([{ id: "r1" }, { id: "r2" }], { cursor: "next" }));
    mockApi()
      .get(`${REGISTRATIONS}?user.id=u1&status=all&cursor=next`)
      .reply(200, succeed([{ id: "r2" }, { id: "r3" }], info));
    const all = createTestClient().devices.iterateRegistrations({ userIds: ["u1"], status: "all" });
    expect(await collectIds(all)).toEqual(["r1", "r2", "r3"]);
  });

  it("ends on a cursor it has been given before", async () => {
    mockApi()
      .get(`${REGISTRATIONS}?cursor=a`)
      .reply(200, succeed([{ id: "r1" }], { cursor: "b" }));
    mockApi()
      .get(`${REGISTRATIONS}?cursor=b`)
      .reply(200, succeed([{ id: "r2" }], { cursor: "a" }));
    expect(await collectIds(createTestClient().devices.iterateRegistrations({ cursor: "a" }))).toEqual([
      "r1",
      "r2",
    ]);
  });

  it("goes on past an empty page that has a next cursor", async () => {
    mockApi()
      .get(REGISTRATIONS)
      .reply(200, succeed([], { cursor: "b" }));
    mockApi()
      .get(`${REGISTRATIONS}?cursor=b`)
      .reply(200, succeed([{ id: "r1" }]));
    expect(await collectIds(createTestClient().devices.iterateRegistrations())).toEqual(["r1"]);
  });
});

type Change = (devices: Cloudflare["devices"], ids: string[]) => Promise<unknown>;

const CHANGES: [name: string, method: "POST" | "DELETE", path: string, change: Change][] = [
  ["revoke", "POST", `${REGISTRATIONS}/revoke`, (devices, ids) => devices.revokeRegistrations(ids)],
  ["unrevoke", "POST", `${REGISTRATIONS}/unrevoke`, (devices, ids) => devices.unrevokeRegistrations(ids)],
  ["delete", "DELETE", REGISTRATIONS, (devices, ids) => devices.deleteRegistrations(ids)],
];

describe.each(CHANGES)("to %s registrations", (_name, method, path, change) => {
  it("names them in the query and sends no body and no content type", async () => {
    let sent: unknown;
    nock(ORIGIN, { badheaders: ["content-type"] })
      .intercept(`${path}?id=r1&id=r%2B2`, method)
      .reply(
        200,
        async (request: Request) => {
          sent = await request.text();
          return succeed(null);
        },
        { "cf-ray": RAY },
      );
    expect(await change(createTestClient().devices, ["r1", "r+2"])).toEqual({ cfRay: RAY, status: 200 });
    expect(sent).toBe("");
  });

  it.each([{}, undefined, "odd", [1]])("takes success for done with result %j", async (result) => {
    mockApi().intercept(`${path}?id=r1`, method).reply(200, succeed(result));
    expect(await change(createTestClient().devices, ["r1"])).toEqual({ cfRay: RAY, status: 200 });
  });

  it("sends nothing without an id", async () => {
    await expect(change(createTestClient().devices, [])).rejects.toThrow(TypeError);
    await expect(change(createTestClient().devices, ["r1", ""])).rejects.toThrow(TypeError);
  });
});

describe("to revoke devices the old way", () => {
  it("sends the ids as a JSON array", async () => {
    nock(ORIGIN, { reqheaders: { "content-type": "application/json" } })
      .post(`${A}/devices/revoke`, ["r1", "r2"])
      .reply(200, succeed(null), { "cf-ray": RAY });
    const receipt = await createTestClient().devices.revokeDevices(["r1", "r2"]);
    expect(receipt).toEqual({ cfRay: RAY, status: 200 });
  });

  it.each([{ extra: 1 }, "done", 5])("takes success for done with result %j", async (result) => {
    mockApi().post(`${A}/devices/revoke`).reply(200, succeed(result));
    expect(await createTestClient().devices.revokeDevices(["r1"])).toMatchObject({ status: 200 });
  });

  it("takes 200 ids and sends nothing for 201 or none", async () => {
    const ids = Array.from({ length: 201 }, (_, index) => `r${index}`);
    mockApi().post(`${A}/devices/revoke`, ids.slice(0, 200)).reply(200, succeed({}));
    const { devices } = createTestClient();
    expect(await devices.revokeDevices(ids.slice(0, 200))).toMatchObject({ status: 200 });
    expect(await catchError(devices.revokeDevices(ids))).toBeInstanceOf(RangeError);
    expect(await catchError(devices.revokeDevices([]))).toBeInstanceOf(TypeError);
  });
});
