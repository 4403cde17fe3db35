import { expect, it } from "vitest";

import { auditWords } from "../../../src/views/request/audit-words.ts";
import { NOW } from "../support.ts";

const row = { seq: 1, at: NOW, actor: "zt-bot", requestId: null, target: null, users: 1, action: null };

it.each<[string, Record<string, unknown>, string]>([
  ["with one ray", { ok: true, status: 200, cf_ray: "a-FRA" }, "Cloudflare accepted it, 200, ray a-FRA"],
  [
    "with the rays of two batches",
    { ok: true, status: 200, cf_ray: "b", cf_rays: ["a", "b"] },
    "Cloudflare accepted it, 200, rays a and b",
  ],
  [
    "with the rays of many batches",
    { ok: true, status: 200, cf_ray: "e", cf_rays: ["a", "b", "c", "d", "e"] },
    "Cloudflare accepted it, 200, rays a, b, c and 2 more",
  ],
  [
    "with a list that is none",
    { ok: true, status: 200, cf_ray: "a", cf_rays: [null, 7] },
    "Cloudflare accepted it, 200, ray a",
  ],
  [
    "that was not needed",
    { ok: true, status: null, cf_ray: null, was_so: true },
    "already so: nothing was sent",
  ],
  [
    "about somebody who is gone already",
    { ok: true, status: 404, cf_ray: "a", was_so: true },
    "Cloudflare answered that it was already so, 404, ray a",
  ],
  [
    "that failed",
    { ok: false, status: 503, error: "http", cf_ray: "b", cf_rays: ["a", "b"] },
    "Cloudflare rejected it: http, 503, rays a and b",
  ],
  ["as it was recorded before", { ok: true, status: 201, cf_ray: null }, "Cloudflare accepted it, 201"],
])("the record tells of an answer %s", (_what, data, expected) => {
  expect(auditWords({ ...row, event: "call.answered", data, label: "x" })).toBe(expected);
});
