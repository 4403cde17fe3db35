import { readCall } from "./call.ts";
import type { Call } from "./call.ts";
import type { CallOptions, Cloudflare, TokenStatus } from "./cloudflare.ts";
import { readResult } from "./envelope.ts";
import { AuthError, isCloudflareFailure, PermissionError } from "./errors.ts";
import type { Http } from "./http.ts";
import { TokenVerification } from "./schema.ts";

export const tokenCalls = {
  account: readCall("verify account token", "/accounts/{account_id}/tokens/verify", null),
  user: readCall("verify user token", "/user/tokens/verify", null),
};

export function createTokens(http: Http): Cloudflare["tokens"] {
  async function ask(kind: TokenStatus["kind"], call: Call, options?: CallOptions): Promise<TokenStatus> {
    return { kind, ...readResult(TokenVerification, await http.send(call, {}, options)) };
  }

  return {
    verify: async (options) => {
      try {
        return await ask("account", tokenCalls.account, options);
      } catch (error) {
        // A user's token is refused here, and an account's token on the other route; one that is malformed (400), on both.
        const mayBeUsers =
          error instanceof PermissionError ||
          (error instanceof AuthError && error.status !== 400) ||
          (isCloudflareFailure(error) && error.status === 404);
        if (!mayBeUsers) throw error;
      }
      try {
        return await ask("user", tokenCalls.user, options);
      } catch (error) {
        // Verifying needs no permission, so a refusal on both routes is about the token.
        if (!(error instanceof PermissionError)) throw error;
        throw new AuthError(error);
      }
    },
  };
}
