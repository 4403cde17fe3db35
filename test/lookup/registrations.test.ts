import { describe, expect, it, onTestFinished } from "vitest";

import {
  findActiveRegistrations,
  findUser,
  startCloudflare,
  type Unknowns,
} from "../../sandbox/cloudflare/index.ts";
import { NetworkError } from "../../src/api/errors.ts";
import {
  allRegistrations,
  changeExisting,
  readExisting,
  readRegistrations,
} from "../../src/lookup/registrations.ts";
import { ACCOUNT, catchError, createTestClient, TOKEN } from "../api/support.ts";

/** The real client at the emulator, where mallory has three devices and alice has others. */
async function start(unknowns: Partial<Unknowns> = {}) {
  const emulator = await startCloudflare({ accountId: ACCOUNT, tokens: [{ token: TOKEN }], unknowns });
  onTestFinished(() => emulator.close());
  const client = createTestClient({ baseUrl: emulator.baseUrl });
  for (const name of ["One", "Two", "Three"]) emulator.registerDevice("mallory@example.com", { name });
  const another = emulator.registerDevice("alice@example.com", { name: "Alice's" }).id;
  const userId = findUser(emulator.state, "mallory@example.com")?.id ?? "";
  const ids = findActiveRegistrations(emulator.state, userId).map((one) => one.id);
  const forget = (id: string) => {
    for (const one of emulator.state.registrations) if (one.id === id) one.deletedAt = emulator.now();
  };
  const isActive = (id: string) =>
    emulator.state.registrations.some((one) => one.id === id && one.revokedAt === null);
  const writes = () => emulator.requests.filter((request) => request.method !== "GET").length;
  return { client, userId, ids, another, forget, isActive, writes };
}

describe("the registrations of a user", () => {
  it("are that user's alone, also when Cloudflare ignores whose were asked for", async () => {
    const { client, userId, ids, another } = await start({ registrationsIgnoreUser: true });
    const all = await allRegistrations(client, userId, "active");
    expect(all.map((one) => one.id).toSorted()).toEqual(ids.toSorted());
    const { items, isComplete } = await readRegistrations(client, userId, "all");
    expect(items.every((one) => one.userId === userId)).toBe(true);
    expect(isComplete).toBe(true);
    expect(await readExisting(client, { userId, ids: [another] })).toEqual([]);
  });
});

describe("a change of several registrations", () => {
  it("goes to those that still exist, and names the others", async () => {
    const { client, userId, ids, another, forget, isActive } = await start();
    const [gone = "", ...left] = ids;
    forget(gone);
    const { receipt, skipped } = await changeExisting(
      client,
      { userId, ids: [...ids, another, "never-there"] },
      (some) => client.devices.revokeRegistrations(some),
    );
    expect(receipt).toMatchObject({ status: 200 });
    expect(skipped).toEqual([gone, another, "never-there"]);
    expect(left.filter(isActive)).toEqual([]);
    expect(isActive(another)).toBe(true);
  });

  it("is sent once more without those that went between the look and the call", async () => {
    const { client, userId, ids, forget, isActive, writes } = await start();
    const [first = "", ...left] = ids;
    const sent: string[][] = [];
    const { skipped } = await changeExisting(client, { userId, ids }, (some) => {
      if (sent.length === 0) forget(first);
      sent.push(some);
      return client.devices.revokeRegistrations(some);
    });
    expect(sent.map((some) => some.length)).toEqual([ids.length, left.length]);
    expect(writes()).toBe(2);
    expect(skipped).toEqual([first]);
    expect(left.filter(isActive)).toEqual([]);
  });

  it("is not sent when none is left", async () => {
    const { client, userId, ids, forget, writes } = await start();
    for (const id of ids) forget(id);
    const send = (some: string[]) => client.devices.deleteRegistrations(some);
    expect(await changeExisting(client, { userId, ids }, send)).toEqual({ receipt: null, skipped: ids });
    expect(writes()).toBe(0);
  });

  it("is not sent again after an answer that may have been a yes, nor when nothing was gone", async () => {
    const { client, userId, ids } = await start();
    let sent = 0;
    const unclear = new NetworkError({ call: "revoke registrations", applied: "maybe", code: null });
    const failing = () => {
      sent += 1;
      return Promise.reject(unclear);
    };
    expect(await catchError(changeExisting(client, { userId, ids }, failing))).toBe(unclear);
    const refused = () => {
      sent += 1;
      return client.devices.revokeRegistrations(["never-there"]);
    };
    expect(await catchError(changeExisting(client, { userId, ids }, refused))).toMatchObject({
      kind: "not-found",
    });
    expect(sent).toBe(2);
  });
});
