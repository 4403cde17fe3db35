/** `/access/identity_providers` and the users that one of them has synced by SCIM. */
import { accessInvalid, accessNotFound, ok, pageInfo } from "../envelope.ts";
import type { Answer, Backend, Call, Route } from "../exchange.ts";
import { readCount, readQuery, toIso } from "../wire.ts";

function listProviders(_call: Call, { world }: Backend): Answer {
  const providers = world.idps.map(({ id, type, name, scim = false }) => ({
    id,
    type,
    name,
    config: {},
    scim_config: { enabled: scim },
  }));
  return ok(providers, {
    resultInfo: pageInfo(providers.length, 1, Math.max(providers.length, 20), providers.length),
  });
}

function listScimUsers(call: Call, { world }: Backend): Answer {
  const idp = world.idps.find(({ id }) => id === call.params.idp);
  if (idp === undefined) return accessNotFound("identity provider");
  const page = readCount(call, "page", 1);
  const perPage = readCount(call, "per_page", 100);
  if (page === null || page < 1 || perPage === null || perPage < 1 || perPage > 100)
    return accessInvalid("page or per_page is not a number that is taken");
  const email = readQuery(call, "email")?.toLowerCase();
  const found = world.scimUsers.filter(
    (user) => user.idpId === idp.id && (email === undefined || user.email.toLowerCase() === email),
  );
  const shown = found.slice((page - 1) * perPage, page * perPage);
  return ok(
    shown.map((user) => ({
      id: user.id,
      active: user.active,
      displayName: user.name,
      emails: [{ primary: true, type: "work", value: user.email }],
      externalId: user.id,
      meta: { created: toIso(user.createdAt), lastModified: toIso(user.updatedAt) },
      schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
    })),
    { resultInfo: pageInfo(shown.length, page, perPage, found.length) },
  );
}

const list = "/accounts/:account/access/identity_providers";
const permissions = ["Access: Organizations, Identity Providers, and Groups Read"] as const;

export const identityProviderRoutes: readonly Route[] = [
  { name: "idps.list", method: "get", path: list, permissions, answer: listProviders },
  { name: "scim-users", method: "get", path: `${list}/:idp/scim/users`, permissions, answer: listScimUsers },
];
