import { describe, expect, it } from "vitest";

import { checkTarget } from "../../src/actions/check-target.ts";
import { createUser } from "../../src/actions/create-user/index.ts";
import { deleteUser } from "../../src/actions/delete-user/index.ts";
import { ACTION_NAMES } from "../../src/requests/plan.ts";
import { actionOf, type PlanOf } from "../../src/actions/index.ts";
import { renameUser } from "../../src/actions/rename-user/index.ts";
import { A, createTestClient, mockApi, refuse, succeed, USER_ID } from "../api/support.ts";
import { useNock } from "../support/nock.ts";
import { makePlan } from "../views/support.ts";
import { NOW, SENT } from "./support.ts";

useNock();

const EMAIL = "mallory@example.com";
const USERS = `${A}/access/users`;
const USER = `${USERS}/${USER_ID}`;
const WIRE = { id: USER_ID, email: EMAIL, name: "Mallory Quill" };
const base = { accountId: "a", target: WIRE };
const NOT_FOUND = refuse({ code: 12135, message: "access.api.error.not_found" });
const PAGE = "<html><body>404 Not Found</body></html>";

const listed = (...users: object[]) => mockApi().get(USERS).query(true).reply(200, succeed(users));
const client = () => createTestClient({ retries: 0 });

describe("after a deletion", () => {
  const plan: PlanOf<"delete-user"> = { ...base, action: "delete-user", options: {} };
  const verify = (baseline: { id: string } | null = { id: USER_ID }) =>
    deleteUser.verify(client(), plan, baseline, SENT, NOW);

  it("the user is gone when Cloudflare says so and does not list them", async () => {
    mockApi().get(USER).reply(404, NOT_FOUND);
    listed();
    expect(await verify()).toMatchObject({ confirmed: true, provesCall: true, summary: "Deleted the user" });
  });

  it("the user is not gone when they are still listed", async () => {
    mockApi().get(USER).reply(404, NOT_FOUND);
    listed(WIRE);
    expect(await verify()).toMatchObject({ confirmed: false, provesCall: false });
  });

  it("nothing is said by the 404 page of something in between, or by a route that does not exist", async () => {
    mockApi().get(USER).reply(404, PAGE, { "content-type": "text/html" });
    await expect(verify()).rejects.toMatchObject({ kind: "unexpected" });
    mockApi()
      .get(USER)
      .reply(400, refuse({ code: 7003, message: "Could not route" }));
    await expect(verify()).rejects.toMatchObject({ kind: "http" });
  });

  it("the user is gone, and who has the address by now is said", async () => {
    mockApi().get(USER).reply(404, NOT_FOUND);
    listed({ ...WIRE, id: "another" });
    expect(await verify(null)).toMatchObject({
      confirmed: true,
      provesCall: false,
      notes: ["a new Access user has this email, id another"],
    });
  });

  it("a call that is refused by a 404 page is not taken for one that was not needed", async () => {
    mockApi().delete(USER).reply(404, PAGE, { "content-type": "text/html" });
    await expect(deleteUser.execute(client(), plan)).rejects.toMatchObject({ kind: "unexpected" });
    mockApi().delete(USER).reply(404, NOT_FOUND);
    mockApi().get(USER).reply(404, NOT_FOUND);
    listed(WIRE);
    await expect(deleteUser.execute(client(), plan)).rejects.toMatchObject({ kind: "not-found" });
  });

  it("can't be asked for by an empty address of a user who has none", async () => {
    const wish = { action: "delete-user", typedEmail: "" } as const;
    const input = { cloudflare: client(), evidence: null, wish, legacyDeviceRevoke: false, block: null };
    await expect(async () =>
      deleteUser.prepare({ ...input, target: { ...WIRE, email: "" } }),
    ).rejects.toMatchObject({ detail: { what: expect.stringContaining("has no email address") } });
  });
});

describe("what is seen of a user", () => {
  const create: PlanOf<"create-user"> = { ...base, action: "create-user", options: {} };
  const rename: PlanOf<"rename-user"> = { ...base, action: "rename-user", options: { newName: "Mal" } };

  it.each([
    ["proves that they were created by it", { count: 0 }, true],
    ["proves nothing where they were there before", { count: 1 }, false],
    ["proves nothing where the list could not be read before", null, false],
  ])("%s", async (_what, baseline, provesCall) => {
    listed(WIRE);
    expect(await createUser.verify(client(), create, baseline, SENT, NOW)).toMatchObject({
      confirmed: true,
      provesCall,
    });
  });

  it.each([
    ["proves that they were renamed by it", { name: "Mallory Quill" }, true],
    ["proves nothing where the name was that before", { name: "Mal" }, false],
    ["proves nothing where it could not be read before", null, false],
  ])("%s", async (_what, baseline, provesCall) => {
    mockApi()
      .get(USER)
      .reply(200, succeed({ ...WIRE, name: "Mal" }));
    expect(await renameUser.verify(client(), rename, baseline, SENT, NOW)).toMatchObject({
      confirmed: true,
      provesCall,
    });
  });

  it.each([createUser, renameUser, deleteUser])(
    "is unknown before where it can't be read: $name",
    async (action) => {
      mockApi().get(/.*/).query(true).reply(503, "");
      expect(await action.readBaseline(client(), makePlan(action.name) as never, null)).toBeNull();
    },
  );
});

describe("the look at the target before the call", () => {
  it.each(ACTION_NAMES.filter((name) => name !== "create-user"))(
    "of %s that fails holds it up, unless it is urgent and its call names the user",
    async (name) => {
      // Beside the user, what is to be changed.
      const looks = ["reset-risk", "restore-devices"].includes(name) ? 2 : 1;
      mockApi().get(/.*/).query(true).times(looks).reply(503, "");
      const { isUrgent = false, namesTarget = false } = actionOf({ action: name });
      const check = await checkTarget(client(), makePlan(name));
      expect(check).toMatchObject(isUrgent && namesTarget ? { ok: true } : { ok: false, isUnread: true });
    },
  );

  it("lets a revocation and a block alone go on without it: a deletion always needs it", () => {
    const goesOn = ACTION_NAMES.filter((action) => actionOf({ action }).namesTarget);
    expect(goesOn).toEqual(["revoke", "block"]);
  });

  it("says that a user is gone only when the list says so too", async () => {
    mockApi().get(USER).times(2).reply(404, NOT_FOUND);
    listed();
    expect(await checkTarget(client(), makePlan("rename-user"))).toMatchObject({
      ok: false,
      why: `${EMAIL} is no longer an Access user of this account.`,
    });
    mockApi().get(USER).times(2).reply(404, NOT_FOUND);
    listed(WIRE);
    expect(await checkTarget(client(), makePlan("rename-user"))).toMatchObject({ ok: false, isUnread: true });
  });

  it("does not void a revocation for the 404 page of something in between", async () => {
    mockApi().get(USER).reply(404, PAGE, { "content-type": "text/html" });
    expect(await checkTarget(client(), makePlan("revoke"))).toEqual({ ok: true });
  });

  it("voids where another user has the address, or the user another address", async () => {
    mockApi().get(USER).times(2).reply(404, NOT_FOUND);
    listed({ ...WIRE, id: "another" });
    expect(await checkTarget(client(), makePlan("revoke"))).toMatchObject({
      ok: false,
      why: `${EMAIL} is now another Access user (another) than the one that was approved (${USER_ID}).`,
    });
    mockApi()
      .get(USER)
      .reply(200, succeed({ ...WIRE, email: "eve@example.com" }));
    expect(await checkTarget(client(), makePlan("revoke"))).toMatchObject({
      ok: false,
      why: `The Access user ${USER_ID} is no longer ${EMAIL}, the user that was approved.`,
    });
  });
});
