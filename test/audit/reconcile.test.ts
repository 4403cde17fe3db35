import { describe, expect, it } from "vitest";

import { appendAudit } from "../support/audit.ts";
import {
  findDifferences,
  MARGIN_MS,
  type OurCall,
  readCalls,
  type TheirChange,
} from "../../src/audit/reconcile.ts";
import { NOW } from "../store/fixture.ts";
import { makePlace, openPlace } from "./support.ts";

const SPAN = { since: NOW, until: NOW + 3_600_000 };
const MINUTE = 60_000;

function theirs(rayId: string | null, change: Partial<TheirChange> = {}): TheirChange {
  return {
    at: NOW + MINUTE,
    rayId,
    action: "delete",
    description: "revoke",
    method: "POST",
    status: 200,
    ...change,
  };
}

function ours(rayId: string | null, change: Partial<OurCall> = {}): OurCall {
  return {
    seq: 1,
    at: NOW + MINUTE,
    requestId: "ZT-0000001",
    call: "revoke_user",
    rayIds: rayId === null ? [] : [rayId],
    accepted: true,
    ...change,
  };
}

describe("Cloudflare's audit log held against ours", () => {
  it("is the same where every change has its ray in both", () => {
    expect(findDifferences([theirs("a"), theirs("b")], [ours("b"), ours("a")], SPAN)).toEqual({
      matched: 2,
      onlyTheirs: [],
      onlyOurs: [],
    });
  });

  it("takes a ray with its data centre for the one without", () => {
    expect(findDifferences([theirs("a-FRA")], [ours("a")], SPAN)).toMatchObject({
      matched: 1,
      onlyTheirs: [],
    });
  });

  it("names what one has and the other has not", () => {
    const [their, our] = [theirs("a"), ours("b")];
    expect(findDifferences([their], [our], SPAN)).toEqual({
      matched: 0,
      onlyTheirs: [{ change: their, perhaps: null }],
      onlyOurs: [our],
    });
  });

  it("matches a call that took several by each of its rays, and names those that only the record has", () => {
    const our = ours(null, { rayIds: ["a", "b", "c"] });
    expect(findDifferences([theirs("c"), theirs("a"), theirs("b")], [our], SPAN)).toEqual({
      matched: 3,
      onlyTheirs: [],
      onlyOurs: [],
    });
    expect(findDifferences([theirs("b")], [our], SPAN)).toEqual({
      matched: 1,
      onlyTheirs: [],
      onlyOurs: [{ ...our, rayIds: ["a", "c"] }],
    });
  });

  it("names a change without a ray, and an accepted call without one", () => {
    const [their, our] = [theirs(null), ours(null)];
    expect(findDifferences([their], [our], SPAN)).toEqual({
      matched: 0,
      onlyTheirs: [{ change: their, perhaps: our }],
      onlyOurs: [our],
    });
  });

  it("says which call that nobody answered a change may come from", () => {
    const near = ours(null, { accepted: null, at: NOW + 2 * MINUTE });
    const far = ours(null, { accepted: null, at: NOW + 5 * MINUTE });
    expect(findDifferences([theirs("a")], [far, near], SPAN).onlyTheirs).toEqual([
      { change: theirs("a"), perhaps: near },
    ]);
    const tooFar = ours(null, { accepted: null, at: NOW + 2 * MINUTE + MARGIN_MS });
    expect(findDifferences([theirs("a")], [tooFar], SPAN).onlyTheirs[0]?.perhaps).toBeNull();
  });

  it("does not ask Cloudflare's log for what Cloudflare refused, nor ours for reads", () => {
    const refused = ours("a", { accepted: false });
    const reads = [theirs("b", { method: "GET" }), theirs("c", { action: "view" })];
    expect(findDifferences(reads, [refused], SPAN)).toEqual({ matched: 0, onlyTheirs: [], onlyOurs: [] });
  });

  it("tells of the span only, and finds the counterpart of what lies at its edge", () => {
    const before = SPAN.since - MINUTE;
    expect(findDifferences([theirs("a", { at: before })], [ours("b", { at: SPAN.until })], SPAN)).toEqual({
      matched: 0,
      onlyTheirs: [],
      onlyOurs: [],
    });
    expect(
      findDifferences([theirs("a", { at: before })], [ours("a", { at: SPAN.since })], SPAN).onlyOurs,
    ).toEqual([]);
  });
});

describe("our calls in the record", () => {
  it("are those that were sent, each with its own answer, also of several at once", async () => {
    const { db } = await openPlace(await makePlace("sqlite"));
    const note = (event: string, requestId: string, data: Record<string, unknown>, at = NOW) =>
      appendAudit(db, { at, requestId, actor: "zt-bot", event, data });
    await note("call.sent", "ZT-1", { call: "one", target_id: "x" });
    await note("call.sent", "ZT-1", { call: "two", target_id: "y" });
    await note("call.sent", "ZT-2", { call: "old" });
    await note("call.answered", "ZT-1", { ok: true, cf_ray: "ray2-FRA", target_id: "y" });
    await note("call.answered", "ZT-2", { ok: false, cf_ray: "ray3" });
    await note("call.sent", "ZT-2", { call: "old again" });
    await note("request.created", "ZT-3", { call: "no call" });
    await note("call.sent", "ZT-3", { call: "too late" }, SPAN.until);
    const found = await readCalls(db, SPAN);
    expect(found.map(({ call, rayIds, accepted }) => [call, rayIds, accepted])).toEqual([
      ["one", [], null],
      ["two", ["ray2"], true],
      ["old", ["ray3"], false],
      ["old again", [], null],
    ]);
  });

  it("have every ray of those that took several calls, also where the last one failed", async () => {
    const { db } = await openPlace(await makePlace("sqlite"));
    const note = (event: string, requestId: string, data: Record<string, unknown>) =>
      appendAudit(db, { at: NOW, requestId, actor: "zt-bot", event, data });
    await note("call.sent", "ZT-1", { call: "three batches" });
    await note("call.answered", "ZT-1", { ok: true, cf_ray: "c-FRA", cf_rays: ["a-FRA", "b-FRA", "c-FRA"] });
    await note("call.sent", "ZT-2", { call: "one of two" });
    await note("call.answered", "ZT-2", { ok: false, cf_ray: null, cf_rays: ["d-FRA"] });
    expect((await readCalls(db, SPAN)).map(({ rayIds, accepted }) => [rayIds, accepted])).toEqual([
      [["a", "b", "c"], true],
      [["d"], false],
    ]);
  });

  it("are not those that were not needed: nothing was sent, or nothing was changed by it", async () => {
    const { db } = await openPlace(await makePlace("sqlite"));
    const note = (event: string, requestId: string, data: Record<string, unknown>) =>
      appendAudit(db, { at: NOW, requestId, actor: "zt-bot", event, data });
    await note("call.answered", "ZT-0", { ok: true, status: null, cf_ray: null, was_so: true });
    await note("call.sent", "ZT-1", { call: "create" });
    await note("call.answered", "ZT-1", { ok: true, status: null, cf_ray: null, was_so: true });
    await note("call.sent", "ZT-2", { call: "delete" });
    await note("call.answered", "ZT-2", { ok: true, status: 404, cf_ray: "a-FRA", was_so: true });
    const found = await readCalls(db, SPAN);
    expect(found).toMatchObject([{ call: "delete", rayIds: ["a"], accepted: false }]);
    // Neither is missed in Cloudflare's log, nor taken for the source of a change in it.
    expect(findDifferences([theirs("x")], found, SPAN)).toMatchObject({
      onlyTheirs: [{ perhaps: null }],
      onlyOurs: [],
    });
  });
});
