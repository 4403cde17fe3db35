/** What keeps someone out: the block list, the Gateway rule that uses it, and who is active at the identity provider. */
import { createHash } from "node:crypto";

import type { World } from "../world.ts";
import { DAY } from "./builder.ts";

/** The list that the sandbox's policy.yml names. */
export const BLOCK_LIST_ID = "5f2c4c7e-9a41-4c1b-8f0e-3d6a2b7c9e10";

/** Ids are made from the records, not by the seeded faker: what was seeded before keeps its ids. */
export function addKeepOut(world: World, now: number): void {
  const createdAt = now - 90 * DAY;
  world.lists.push({
    id: BLOCK_LIST_ID,
    name: "Blocked people",
    type: "EMAIL",
    items: [{ value: "former.contractor@example.net", description: "left in spring", createdAt }],
    createdAt,
    updatedAt: createdAt,
  });
  world.rules.push({
    id: makeId("rule", "Block listed people"),
    name: "Block listed people",
    action: "block",
    enabled: true,
    traffic: "",
    identity: `identity.email in $${BLOCK_LIST_ID.replaceAll("-", "")}`,
    createdAt,
  });
  const [idp] = world.idps;
  if (idp === undefined) return;
  idp.scim = true;
  for (const { id, email, name } of world.users.filter((user) => user.email.endsWith("@example.com")))
    world.scimUsers.push({
      id: makeId("scim", id),
      idpId: idp.id,
      email,
      name: name ?? "",
      active: true,
      createdAt,
      updatedAt: createdAt,
    });
}

function makeId(...of: string[]): string {
  const hex = createHash("sha256").update(of.join(" ")).digest("hex");
  return hex.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
