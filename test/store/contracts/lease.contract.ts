import { describe, expect, it, onTestFinished, vi } from "vitest";

import { readRequestAudit } from "../../../src/audit/append.ts";
import { changeRequest } from "../../../src/requests/change.ts";
import { LEASE_MS, LeaseLostError, releaseDeadLeases, type Lease } from "../../../src/requests/lease.ts";
import { insertRequest, readRequest } from "../../../src/requests/repository.ts";
import type { Db } from "../../../src/store/open.ts";
import { moveRequest } from "../../../src/requests/transition.ts";
import {
  type GetStore,
  letLeaseRunOut,
  newRequest,
  NOW,
  requestIn,
  takeLeaseFor,
  transitionTo,
} from "../fixture.ts";

const KINDS = ["execution", "publishing"] as const;
const HOUR = 3_600_000;
const fast = () => Date.now() + HOUR;
const slow = () => Date.now() - HOUR;

export function leaseContract(store: GetStore): void {
  const db = () => store().db;

  async function mustTake(kind: "execution" | "publishing", id: string): Promise<Lease> {
    const lease = await takeLeaseFor(db(), kind, id);
    if (lease === null) throw new Error("somebody else has it");
    return lease;
  }

  describe.each(KINDS)("a lease for %s", (kind) => {
    const take = (id: string) => takeLeaseFor(db(), kind, id);

    it("is had by exactly one of many who want it at once", async () => {
      for (let round = 0; round < 5; round += 1) {
        const { id } = await insertRequest(db(), newRequest());
        const leases = await Promise.all(Array.from({ length: 6 }, () => take(id)));
        expect(leases.filter((lease) => lease !== null)).toHaveLength(1);
      }
    });

    it("that ran out is taken over by exactly one of many who want it at once", async () => {
      const { id } = await insertRequest(db(), newRequest());
      for (let round = 0; round < 5; round += 1) {
        await take(id);
        await letLeaseRunOut(db(), id, kind);
        const leases = await Promise.all(Array.from({ length: 6 }, () => take(id)));
        expect(leases.filter((lease) => lease !== null)).toHaveLength(1);
        await letLeaseRunOut(db(), id, kind);
      }
    });

    it("is neither of a request that is not there, nor of one that is not as it has to be", async () => {
      const { id } = await insertRequest(db(), newRequest());
      expect(await take("ZT-NOTHERE")).toBeNull();
      const also = takeLeaseFor(db(), kind, id, Date.now, (eb) => eb("status", "=", "approved"));
      expect(await also).toBeNull();
      expect(await take(id)).toHaveProperty("request.id", id);
    });

    it("is given back with what is to be written then, and to be had again", async () => {
      const { id, version } = await insertRequest(db(), newRequest());
      const lease = await mustTake(kind, id);
      const told = await lease.release({ event: "messages.recovered", actor: "zt-bot", data: { code: "x" } });
      expect(told).toMatchObject({ id, version });
      expect((await readRequestAudit(db(), id)).at(-1)).toMatchObject({ event: "messages.recovered" });
      await mustTake(kind, id);
    });

    it("is not given back where what is to be written then does not hold", async () => {
      const { id } = await insertRequest(db(), newRequest());
      const lease = await mustTake(kind, id);
      expect(await lease.release({ where: (eb) => eb("version", "=", 99) })).toBeNull();
      expect(await take(id)).toBeNull();
      expect(await lease.release()).not.toBeNull();
    });

    it("that was given back is not held: a renewal that comes late does not keep it from the next", async () => {
      const { id } = await insertRequest(db(), newRequest());
      const lease = await mustTake(kind, id);
      await lease.release();
      await expect(lease.keep()).rejects.toThrow(LeaseLostError);
      expect(await changeRequest(db(), { id, at: NOW, where: lease.isHeld })).toBeNull();
      await mustTake(kind, id);
    });

    it("lets who lost it write nothing: no change, no move, no renewal, and nothing on giving it back", async () => {
      const { id } = await requestIn(db(), "executing");
      const lost = await mustTake(kind, id);
      await letLeaseRunOut(db(), id, kind);
      const lease = await mustTake(kind, id);
      const before = await readRequest(db(), id);
      const audit = await readRequestAudit(db(), id);

      const event = { event: "request.held", actor: "zt-bot" } as const;
      const change = { id, at: NOW, ...event, where: lost.isHeld, set: { held: "{}" } };
      expect(await changeRequest(db(), change)).toBeNull();
      expect(await moveRequest(db(), id, transitionTo("succeeded", { where: lost.isHeld }))).toBeNull();
      await expect(lost.keep()).rejects.toThrow(LeaseLostError);
      expect(await lost.release({ ...event, set: { held: "{}" } })).toBeNull();
      expect(await readRequest(db(), id)).toEqual(before);
      expect(await readRequestAudit(db(), id)).toEqual(audit);

      await lease.keep();
      expect(await take(id)).toBeNull();
      const moved = await moveRequest(db(), id, transitionTo("succeeded", { where: lease.isHeld }));
      expect(moved).toHaveProperty("status", "succeeded");
    });

    it("changes nothing that a reader of the card would see", async () => {
      const { id, version } = await insertRequest(db(), newRequest());
      const lease = await mustTake(kind, id);
      await lease.keep();
      await lease.release();
      expect(await readRequest(db(), id)).toHaveProperty("version", version);
      expect((await readRequestAudit(db(), id)).map(({ event }) => event)).toEqual(["request.created"]);
    });
  });

  it("a lease to post does not keep others from carrying out, nor the other way round", async () => {
    const { id } = await requestIn(db(), "approved");
    const [one, other] = [await mustTake("execution", id), await mustTake("publishing", id)];
    await one.keep();
    await one.release();
    await expect(other.keep()).resolves.toBeUndefined();
  });

  it("a lease that is lost, or given back, is renewed no more", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const { id } = await requestIn(db(), "approved");
    const lost = await mustTake("execution", id);
    await letLeaseRunOut(db(), id, "execution");
    const lease = await mustTake("execution", id);
    expect(vi.getTimerCount()).toBe(2);
    await expect(lost.keep()).rejects.toThrow(LeaseLostError);
    expect(vi.getTimerCount()).toBe(1);
    await lease.release();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("leases of a process that died are free at once to the next one that is alone", async () => {
    const { id } = await requestIn(db(), "approved");
    const dead = [await mustTake("execution", id), await mustTake("publishing", id)];
    await releaseDeadLeases(db(), NOW);
    await mustTake("execution", id);
    await mustTake("publishing", id);
    for (const lease of dead) await expect(lease.keep()).rejects.toThrow(LeaseLostError);
  });
}

export function sqliteLeaseContract(store: GetStore): void {
  it.each(KINDS)("a lease for %s runs out by the clock of the one process there is", async (kind) => {
    const { db } = store();
    const { id } = await insertRequest(db, newRequest());
    expect(await takeLeaseFor(db, kind, id, () => NOW)).not.toBeNull();
    expect(await untilOf(db, kind, id)).toBe(NOW + LEASE_MS);
    expect(await takeLeaseFor(db, kind, id, () => NOW + LEASE_MS)).toBeNull();
    expect(await takeLeaseFor(db, kind, id, () => NOW + LEASE_MS + 1)).not.toBeNull();
  });
}

export function postgresLeaseContract(store: GetStore): void {
  it.each(KINDS)(
    "a lease for %s runs out by the database's clock, whatever time its holder or another process think it is",
    async (kind) => {
      const { db } = store();
      const { id } = await insertRequest(db, newRequest());
      const expectWhole = async () =>
        expect(Math.abs((await untilOf(db, kind, id)) - Date.now() - LEASE_MS)).toBeLessThan(LEASE_MS / 2);
      for (const [holder, other] of [
        [slow, fast],
        [fast, slow],
        [Date.now, fast],
      ] as const) {
        const lease = await takeLeaseFor(db, kind, id, holder);
        await expectWhole();
        expect(await takeLeaseFor(db, kind, id, other)).toBeNull();
        await lease?.keep();
        await expectWhole();
        await letLeaseRunOut(db, id, kind);
      }
      expect(await takeLeaseFor(db, kind, id, slow)).not.toBeNull();
    },
  );
}

async function untilOf(db: Db, kind: (typeof KINDS)[number], id: string): Promise<number> {
  const rows = db.selectFrom("requests").select(`${kind}_until`).where("id", "=", id);
  return Object.values(await rows.executeTakeFirstOrThrow())[0] ?? 0;
}
