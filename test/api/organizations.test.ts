import nock from "nock";
import { describe, expect, it } from "vitest";

import { useNock } from "../support/nock.ts";
import { A, catchError, createTestClient, mockApi, ORIGIN, RAY, succeed, TOKEN } from "./support.ts";

useNock();

const DONE = { cfRay: RAY, status: 200 };
const REVOKE = `${A}/access/organizations/revoke_user`;

describe("revoking a user", () => {
  it("sends the email alone when nothing else is asked for", async () => {
    mockApi().post(REVOKE, { email: "jdoe@example.com" }).reply(200, succeed(true));
    const receipt = await createTestClient().organizations.revokeUser({ email: "jdoe@example.com" });
    expect(receipt).toEqual(DONE);
  });

  it("asks for devices in the query and never in the body", async () => {
    mockApi()
      .post(`${REVOKE}?devices=true`, {
        email: "jdoe+test@example.com",
        user_uid: "699d98642c564d2e855e9661899b7252",
        warp_session_reauth: true,
      })
      .reply(200, succeed(true));
    const receipt = await createTestClient().organizations.revokeUser({
      email: "jdoe+test@example.com",
      userUid: "699d98642c564d2e855e9661899b7252",
      devices: true,
      warpSessionReauth: true,
    });
    expect(receipt).toEqual(DONE);
  });

  it("leaves devices alone when told so", async () => {
    mockApi()
      .post(REVOKE, { email: "jdoe@example.com", warp_session_reauth: false })
      .reply(200, succeed(true));
    const receipt = await createTestClient().organizations.revokeUser({
      email: "jdoe@example.com",
      devices: false,
      warpSessionReauth: false,
    });
    expect(receipt).toEqual(DONE);
  });

  it("sends JSON and the token", async () => {
    nock(ORIGIN, {
      reqheaders: {
        authorization: `Bearer ${TOKEN}`,
        "content-type": "application/json",
        accept: "application/json",
      },
    })
      .post(REVOKE)
      .reply(200, succeed(true), { "cf-ray": RAY });
    const receipt = await createTestClient().organizations.revokeUser({ email: "jdoe@example.com" });
    expect(receipt).toEqual(DONE);
  });

  it("accepts the documented answer, which has no errors and no messages", async () => {
    mockApi().post(REVOKE).reply(200, { success: true, result: true });
    const receipt = await createTestClient().organizations.revokeUser({ email: "jdoe@example.com" });
    expect(receipt).toEqual(DONE);
  });

  it("takes result false for a refusal", async () => {
    mockApi().post(REVOKE).reply(200, succeed(false));
    const error = await catchError(
      createTestClient().organizations.revokeUser({ email: "jdoe@example.com" }),
    );
    expect(error).toMatchObject({ kind: "rejected", call: "revoke user", applied: "no", cfRay: RAY });
  });

  it.each([null, {}, "true", 1, undefined])("does not take result %j for done", async (result) => {
    mockApi().post(REVOKE).reply(200, { success: true, errors: [], messages: [], result });
    const error = await catchError(
      createTestClient().organizations.revokeUser({ email: "jdoe@example.com" }),
    );
    expect(error).toMatchObject({ kind: "shape", applied: "maybe" });
  });

  it.each(["true", 1, null, undefined])("does not take success %j for done", async (success) => {
    mockApi().post(REVOKE).reply(200, { success, result: true });
    const error = await catchError(
      createTestClient().organizations.revokeUser({ email: "jdoe@example.com" }),
    );
    expect(error).toMatchObject({ kind: "shape", applied: "maybe" });
  });

  it("sends nothing without an email", async () => {
    const { organizations } = createTestClient();
    await expect(organizations.revokeUser({ email: " " })).rejects.toThrow(TypeError);
  });
});
