import { describe, expect, it } from "vitest";

import type { GatewayRule } from "../../src/api/cloudflare.ts";
import { usesList, type BlockList } from "../../src/lookup/block-list.ts";
import { reviewBlock } from "../../src/ops/block-check.ts";

const ID = "5f2c4c7e-9a41-4c1b-8f0e-3d6a2b7c9e10";
const BARE = ID.replaceAll("-", "");
const LIST: BlockList = { id: ID, name: "Blocked", type: "EMAIL", enforcedBy: "gateway", rules: ["Block"] };
const RULE: GatewayRule = {
  id: "r1",
  name: "Block",
  action: "block",
  enabled: true,
  traffic: null,
  identity: null,
  devicePosture: null,
  deletedAt: null,
};

describe("a block list", () => {
  it.each<[string, BlockList | null, string[]]>([
    ["that a rule uses is fine", LIST, []],
    ["that Access policies use is fine", { ...LIST, enforcedBy: "access", rules: [] }, []],
    ["of which nothing is known is not called unused", { ...LIST, enforcedBy: "unknown", rules: [] }, []],
    ["that is not there is told", null, ["unknown-block-list"]],
    ["of another type is told", { ...LIST, type: "IP" }, ["block-list-type"]],
    ["without a type is told", { ...LIST, type: null }, ["block-list-type"]],
    ["that nothing uses is told", { ...LIST, enforcedBy: "nothing", rules: [] }, ["block-list-unused"]],
  ])("%s", (_what, list, rules) => {
    const found = reviewBlock({ emailList: ID, enforcedBy: "gateway" }, list);
    expect(found.map(({ rule }) => rule)).toEqual(rules);
  });
});

describe("a rule uses a list", () => {
  it.each<[string, Partial<GatewayRule>, boolean]>([
    ["named in identity, without dashes", { identity: `identity.email in $${BARE}` }, true],
    ["named in traffic, with dashes", { traffic: `any(x[*] in $${ID})` }, true],
    ["named in capitals", { identity: `identity.email in $${BARE.toUpperCase()}` }, true],
    ["named in device posture", { devicePosture: `x in $${ID}` }, true],
    ["not where it is disabled", { identity: `identity.email in $${BARE}`, enabled: false }, false],
    ["not where it is unknown whether it is enabled", { identity: `in $${BARE}`, enabled: null }, false],
    ["not where it was deleted", { identity: `in $${BARE}`, deletedAt: 1 }, false],
    ["not where another list is named", { identity: `in $${BARE.replace("5", "6")}` }, false],
    ["not where the id is no list's name", { identity: `identity.email == "${BARE}"` }, false],
  ])("%s", (_what, parts, uses) => {
    expect(usesList({ ...RULE, ...parts }, ID)).toBe(uses);
  });
});
