import { IDENTITY_PROVIDERS_READ, readCall } from "../call.ts";
import type { CallOptions, Cloudflare } from "../cloudflare.ts";
import { readList } from "../envelope.ts";
import type { Http } from "../http.ts";
import { collect, iteratePages, readPageInfo } from "../paginate.ts";
import { sameEmail } from "../schema.ts";
import { IdentityProvider, ScimUser } from "./schema.ts";

const PROVIDERS = "/accounts/{account_id}/access/identity_providers";

export const identityProviderCalls = {
  list: readCall("list identity providers", PROVIDERS, IDENTITY_PROVIDERS_READ),
  scimUsers: readCall("list SCIM users", `${PROVIDERS}/{idp_id}/scim/users`, IDENTITY_PROVIDERS_READ),
};

const SCIM_PAGE_SIZE = 100;

export function createIdentityProviders(http: Http): Cloudflare["identityProviders"] {
  async function fetchProviders(page: number, call?: CallOptions) {
    const query = page === 1 ? {} : { page };
    const answer = await http.send(identityProviderCalls.list, { query }, call);
    const { rows, rowCount } = readList(IdentityProvider, { answer, log: http.log, list: answer.result });
    const { perPage, totalCount } = readPageInfo(answer.resultInfo);
    return { items: rows, rowCount, perPage: perPage ?? Infinity, totalCount };
  }

  async function fetchUsers(idpId: string, email: string, page: number, call?: CallOptions) {
    const input = { ids: { idp_id: idpId }, query: { email, page, per_page: SCIM_PAGE_SIZE } };
    const answer = await http.send(identityProviderCalls.scimUsers, input, call);
    const { rows, rowCount } = readList(ScimUser, { answer, log: http.log, list: answer.result });
    const { perPage } = readPageInfo(answer.resultInfo);
    return {
      // Should the filter be ignored, another person's state must not stand here as this one's.
      items: rows.filter(({ emails }) => emails.some((one) => sameEmail(one, email))),
      rowCount,
      perPage: perPage ?? SCIM_PAGE_SIZE,
      totalCount: null,
    };
  }

  return {
    list: (call) =>
      collect(
        iteratePages({
          call: identityProviderCalls.list.name,
          firstPage: 1,
          idOf: ({ id }: IdentityProvider) => id,
          fetchPage: (page) => fetchProviders(page, call),
        }),
      ),
    scimUsers: async (idpId, email, call) => {
      if (email.trim() === "") throw new TypeError("email must not be empty");
      return collect(
        iteratePages({
          call: identityProviderCalls.scimUsers.name,
          firstPage: 1,
          idOf: ({ id }: ScimUser) => id,
          fetchPage: (page) => fetchUsers(idpId, email, page, call),
        }),
      );
    },
  };
}
