import { describe, expect, it } from "vitest";

import { useNock } from "../support/nock.ts";
import { A, catchError, createTestClient, mockApi, RAY, succeed } from "./support.ts";

useNock();

const LIST = "f174e90a-fafe-4643-bbbc-4a0ed4fc8415";
const LISTS = `${A}/gateway/lists/${LIST}`;
const info = (page: number, total: number) => ({ page, per_page: 2, count: 2, total_count: total });

describe("a Zero Trust list", () => {
  it("is read with its type", async () => {
    const wire = { id: LIST, name: "Blocked people", type: "EMAIL", count: 3, created_at: "2026-01-01" };
    mockApi().get(LISTS).reply(200, succeed(wire));
    await expect(createTestClient().gatewayLists.get(LIST)).resolves.toEqual({
      id: LIST,
      name: "Blocked people",
      type: "EMAIL",
      count: 3,
    });
  });

  it("gives its items page after page, however they are nested", async () => {
    const item = (value: string) => ({ value, created_at: "2026-01-01T00:00:00Z" });
    mockApi()
      .get(`${LISTS}/items`)
      .reply(200, succeed([item("a@example.com"), item("b@example.com")], info(1, 3)))
      .get(`${LISTS}/items?page=2`)
      .reply(200, succeed([[item("c@example.com")]], info(2, 3)));
    const items = await createTestClient().gatewayLists.items(LIST);
    expect(items.map(({ value }) => value)).toEqual(["a@example.com", "b@example.com", "c@example.com"]);
    expect(items[0]?.createdAt).toBe(Date.parse("2026-01-01T00:00:00Z"));
  });

  it("ends where the server ignores the page", async () => {
    const items = Array.from({ length: 50 }, (_, index) => ({ value: `${index}@example.com` }));
    mockApi()
      .get(`${LISTS}/items`)
      .reply(200, succeed(items))
      .get(`${LISTS}/items?page=2`)
      .reply(200, succeed(items));
    await expect(createTestClient().gatewayLists.items(LIST)).resolves.toHaveLength(50);
  });

  it("is changed by what is added and taken out, never as a whole", async () => {
    const append = [{ value: "Mallory@Example.com", description: "by zt-bot" }];
    mockApi()
      .patch(LISTS, { append })
      .reply(200, succeed({}))
      .patch(LISTS, { remove: ["x@example.com"] })
      .reply(200, succeed({}));
    const { gatewayLists } = createTestClient();
    await expect(gatewayLists.change(LIST, { append })).resolves.toEqual({ cfRay: RAY, status: 200 });
    await expect(gatewayLists.change(LIST, { remove: ["x@example.com"] })).resolves.toMatchObject({
      status: 200,
    });
  });

  it("is not changed by nothing, nor by an empty item", async () => {
    const { gatewayLists } = createTestClient();
    expect(await catchError(gatewayLists.change(LIST, {}))).toBeInstanceOf(TypeError);
    expect(await catchError(gatewayLists.change(LIST, { remove: [" "] }))).toBeInstanceOf(TypeError);
  });

  it("says that it was not changed where the answer was lost only for reads", async () => {
    mockApi().patch(LISTS).replyWithError("lost");
    const error = await catchError(
      createTestClient().gatewayLists.change(LIST, { remove: ["x@example.com"] }),
    );
    expect(error).toMatchObject({ applied: "maybe" });
  });
});

it("Gateway rules are read with what says whether they use a list", async () => {
  const rule = {
    id: "r1",
    name: "Block",
    action: "block",
    enabled: true,
    traffic: "",
    identity: `identity.email in $${LIST}`,
    deleted_at: null,
  };
  mockApi()
    .get(`${A}/gateway/rules`)
    .reply(200, succeed([rule, { name: "without an id" }]));
  await expect(createTestClient().gatewayRules.list()).resolves.toEqual([
    {
      id: "r1",
      name: "Block",
      action: "block",
      enabled: true,
      traffic: null,
      identity: rule.identity,
      devicePosture: null,
      deletedAt: null,
    },
  ]);
});

describe("an identity provider", () => {
  const PROVIDERS = `${A}/access/identity_providers`;

  it("says whether it syncs its users", async () => {
    const wire = [
      { id: "one", name: "Entra ID", type: "azureAD", scim_config: { enabled: true } },
      { id: "two", name: "PIN", type: "onetimepin" },
    ];
    mockApi().get(PROVIDERS).reply(200, succeed(wire));
    await expect(createTestClient().identityProviders.list()).resolves.toEqual([
      { id: "one", name: "Entra ID", type: "azureAD", scim: true },
      { id: "two", name: "PIN", type: "onetimepin", scim: null },
    ]);
  });

  it("gives only the users of the address, also where the filter is ignored", async () => {
    const user = (id: string, active: unknown, value: string) => ({
      id,
      active,
      displayName: id,
      emails: [{ value }],
    });
    mockApi()
      .get(`${PROVIDERS}/one/scim/users`)
      .query({ email: "mallory@example.com", page: 1, per_page: 100 })
      .reply(
        200,
        succeed([
          user("u1", false, "Mallory@example.com"),
          user("u2", true, "alice@example.com"),
          user("u3", "?", "mallory@example.com"),
        ]),
      );
    await expect(
      createTestClient().identityProviders.scimUsers("one", "mallory@example.com"),
    ).resolves.toEqual([
      { id: "u1", name: "u1", active: false, emails: ["Mallory@example.com"] },
      { id: "u3", name: "u3", active: null, emails: ["mallory@example.com"] },
    ]);
  });

  it("is not asked about no address", async () => {
    expect(await catchError(createTestClient().identityProviders.scimUsers("one", " "))).toBeInstanceOf(
      TypeError,
    );
  });
});

describe("a physical device", () => {
  const DEVICES = `${A}/devices/physical-devices`;

  it("is found by the address that last used it, and by no other", async () => {
    const device = (id: string, email: string) => ({
      id,
      name: id,
      active_registrations: 2,
      last_seen_user: { id: "u", email },
    });
    mockApi()
      .get(DEVICES)
      .query({ "last_seen_user.email": "mallory@example.com" })
      .reply(
        200,
        succeed([device("d1", "MALLORY@example.com"), device("d2", "alice@example.com")], { cursor: "" }),
      );
    const found = await createTestClient().devices.physicalDevices("mallory@example.com");
    expect(found).toMatchObject([{ id: "d1", activeRegistrations: 2, lastUserId: "u" }]);
  });

  it("is revoked by its id", async () => {
    mockApi().post(`${DEVICES}/d1/revoke`).reply(200, succeed(null));
    await expect(createTestClient().devices.revokePhysicalDevice("d1")).resolves.toEqual({
      cfRay: RAY,
      status: 200,
    });
  });
});
