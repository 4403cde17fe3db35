import { describe, expect, it } from "vitest";

import { judgeFailure } from "../../src/execution/reads.ts";
import { recordedRays, recordedReceipt } from "../../src/actions/receipt.ts";
import { createUser } from "../../src/actions/create-user/index.ts";
import { deleteDevices } from "../../src/actions/delete-devices/index.ts";
import { deleteUser } from "../../src/actions/delete-user/index.ts";
import { renameUser } from "../../src/actions/rename-user/index.ts";
import { revokeDevices } from "../../src/actions/revoke-devices/index.ts";
import { isCloudflareFailure } from "../../src/api/errors.ts";
import { A, catchError, createTestClient, mockApi, RAY, refuse, succeed, USER_ID } from "../api/support.ts";
import { useNock } from "../support/nock.ts";

useNock();

const EMAIL = "jdoe@example.com";
const USERS = `${A}/access/users`;
const WIRE = { id: USER_ID, email: EMAIL, name: "Jane Doe" };
const BASE = { accountId: "a", target: { id: USER_ID, email: EMAIL, name: "Jane Doe" } };
const REVOKE = `${A}/devices/registrations/revoke`;

const registrations = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ id: `r${index}`, deviceName: `kiosk-${index}` }));

/** Cloudflare does not know the user, and does not list them. */
function mockGone() {
  mockApi()
    .get(`${USERS}/${USER_ID}`)
    .reply(404, refuse({ code: 12135, message: "not found" }));
  mockApi().get(USERS).query(true).reply(200, succeed([]));
}

/** Each batch is looked up before it is sent. */
function mockBatches(count: number) {
  for (let from = 0; from < count; from += 200) {
    const some = registrations(count).slice(from, from + 200);
    mockApi()
      .get(`${A}/devices/registrations`)
      .query(true)
      .reply(200, succeed(some.map(({ id }) => ({ id, user: { id: USER_ID } }))));
  }
}

const planRevoke = (count: number) =>
  ({
    ...BASE,
    action: "revoke-devices",
    options: { registrations: registrations(count), legacy: false },
  }) as const;

describe("what the record holds of a call that was answered", () => {
  it("is the status and ray that Cloudflare gave, for users created, renamed and deleted", async () => {
    const cloudflare = createTestClient();
    mockApi().get(USERS).query(true).reply(200, succeed([]));
    mockApi().post(USERS).reply(201, succeed(WIRE));
    const created = await createUser.execute(cloudflare, { ...BASE, action: "create-user", options: {} });
    expect(recordedReceipt(created)).toEqual({ ok: true, status: 201, cf_ray: RAY });
    mockApi().put(`${USERS}/${USER_ID}`).reply(200, succeed(WIRE));
    const plan = { ...BASE, action: "rename-user", options: { newName: "Jane Roe" } } as const;
    expect(recordedReceipt(await renameUser.execute(cloudflare, plan))).toEqual({
      ok: true,
      status: 200,
      cf_ray: RAY,
    });
    mockApi().delete(`${USERS}/${USER_ID}`).reply(202, succeed(null));
    const deleted = await deleteUser.execute(cloudflare, { ...BASE, action: "delete-user", options: {} });
    expect(recordedReceipt(deleted)).toEqual({ ok: true, status: 202, cf_ray: RAY });
  });

  it("is that it was so already, and no status that nobody gave, where nothing was sent", async () => {
    const cloudflare = createTestClient();
    mockApi()
      .get(USERS)
      .query(true)
      .reply(200, succeed([WIRE]));
    const created = await createUser.execute(cloudflare, { ...BASE, action: "create-user", options: {} });
    const nothing = { ok: true, status: null, cf_ray: null, was_so: true };
    expect(recordedReceipt(created)).toEqual(nothing);
    mockApi().get(`${A}/devices/registrations`).query(true).reply(200, succeed([]));
    const options = { registrations: registrations(2), active: 0 };
    const deleted = await deleteDevices.execute(cloudflare, { ...BASE, action: "delete-devices", options });
    expect(recordedReceipt(deleted)).toEqual(nothing);
  });

  it("is Cloudflare's own answer for a user who is gone already", async () => {
    mockApi()
      .delete(`${USERS}/${USER_ID}`)
      .reply(404, refuse({ code: 12135, message: "not found" }));
    mockGone();
    const plan = { ...BASE, action: "delete-user", options: {} } as const;
    expect(recordedReceipt(await deleteUser.execute(createTestClient(), plan))).toEqual({
      ok: true,
      status: 404,
      cf_ray: RAY,
      was_so: true,
    });
  });

  it("has the ray of every batch", async () => {
    mockBatches(450);
    for (const ray of ["a-FRA", "b-FRA", "c-FRA"])
      mockApi().post(REVOKE).query(true).reply(200, succeed(null), { "cf-ray": ray });
    const receipt = await revokeDevices.execute(createTestClient(), planRevoke(450));
    expect(recordedReceipt(receipt)).toEqual({
      ok: true,
      status: 200,
      cf_ray: "c-FRA",
      cf_rays: ["a-FRA", "b-FRA", "c-FRA"],
    });
  });

  it("has the rays of the batches that went well before one that did not", async () => {
    mockBatches(400);
    mockApi().post(REVOKE).query(true).reply(200, succeed(null), { "cf-ray": "a-FRA" });
    mockApi().post(REVOKE).query(true).reply(503, "", { "cf-ray": "b-FRA" });
    const error = await catchError(revokeDevices.execute(createTestClient(), planRevoke(400)));
    if (!isCloudflareFailure(error)) throw error;
    expect(recordedRays(error)).toEqual({ cf_ray: "b-FRA", cf_rays: ["a-FRA", "b-FRA"] });

    mockBatches(400);
    mockApi().post(REVOKE).query(true).reply(200, succeed(null), { "cf-ray": "a-FRA" });
    mockApi().post(REVOKE).query(true).reply(502, "");
    const failed = await catchError(revokeDevices.execute(createTestClient(), planRevoke(400)));
    if (!isCloudflareFailure(failed)) throw failed;
    const unsettled = { kind: "again", isUnclear: true };
    expect(judgeFailure(failed, 1, 0), "something was done").toMatchObject(unsettled);

    mockBatches(400);
    mockApi().post(REVOKE).query(true).reply(200, succeed(null), { "cf-ray": "a-FRA" });
    mockApi()
      .post(REVOKE)
      .query(true)
      .reply(400, refuse({ code: 9999, message: "no" }));
    const refused = await catchError(revokeDevices.execute(createTestClient(), planRevoke(400)));
    if (!isCloudflareFailure(refused)) throw refused;
    expect(judgeFailure(refused, 1, 0), "something was done").toMatchObject({
      kind: "refused",
      isPartly: true,
    });

    mockBatches(1);
    mockApi().post(REVOKE).query(true).reply(503, "");
    const first = await catchError(revokeDevices.execute(createTestClient(), planRevoke(1)));
    if (!isCloudflareFailure(first)) throw first;
    expect(recordedRays(first)).toEqual({ cf_ray: RAY });
  });
});
