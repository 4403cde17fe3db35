/** The accounts that a token is for; `/user/tokens/verify` and `/accounts/…/tokens/verify`: each knows only its own kind of token. */
import { fail, ok } from "../envelope.ts";
import type { Answer, Call, Route } from "../exchange.ts";
import { toIso } from "../wire.ts";

function verifyAs(kind: "account" | "user") {
  return (call: Call): Answer => {
    const { caller } = call;
    if (caller?.kind !== kind) return fail(401, { code: 1000, message: "Invalid API Token" });
    const messages = [{ code: 10000, message: "This API Token is valid and active", type: null }];
    return ok(
      {
        id: caller.tokenId,
        status: caller.status,
        ...(caller.expiresAt === null ? {} : { expires_on: toIso(caller.expiresAt) }),
      },
      caller.status === "active" ? { messages } : {},
    );
  };
}

export const tokenRoutes: readonly Route[] = [
  {
    name: "accounts.list",
    method: "get",
    path: "/accounts",
    permissions: [],
    answer: (_call, { world }) => ok([{ id: world.accountId, name: "Example Corp", type: "standard" }]),
  },
  {
    name: "tokens.verify",
    method: "get",
    path: "/user/tokens/verify",
    permissions: [],
    answer: verifyAs("user"),
  },
  {
    name: "tokens.verify",
    method: "get",
    path: "/accounts/:account/tokens/verify",
    permissions: [],
    answer: verifyAs("account"),
  },
];
