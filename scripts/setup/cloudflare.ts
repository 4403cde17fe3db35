import { z } from "zod";

import { readCall } from "../../src/api/call.ts";
import { createCloudflare } from "../../src/api/cloudflare.ts";
import { isCloudflareFailure } from "../../src/api/errors.ts";
import { createHttp } from "../../src/api/http.ts";
import { createLogger } from "../../src/log/log.ts";
import { clean } from "../../src/views/text.ts";
import type { Checked } from "./ask.ts";

export interface Account {
  id: string;
  name: string;
}

/** Lists those that the token is for. */
const LIST_ACCOUNTS = readCall("list accounts", "/accounts", null);
const Accounts = z.array(z.object({ id: z.string(), name: z.string() }));

const ACCOUNT_ID = /^[0-9a-f]{32}$/;
const NOT_ACCEPTED = "Cloudflare does not accept this token.";

const log = createLogger("silent");

/** Where to ask, with which account if that is known. */
interface Place {
  baseUrl: string;
  accountId: string | undefined;
}

/** Whether Cloudflare takes a token, and which accounts it is for. */
export async function checkToken(token: string, { baseUrl, accountId }: Place): Promise<Checked<Account[]>> {
  if (/\s/.test(token) || token === "")
    return { ok: false, why: "That is not a token: it has spaces in it, or is empty. Copy it again." };
  const http = createHttp({ baseUrl, accountId: "", auth: { kind: "token", token }, log, retries: 1 });
  try {
    const { result } = await http.send(LIST_ACCOUNTS, { query: { per_page: 50 } });
    const accounts = Accounts.safeParse(result).data ?? [];
    return { ok: true, found: accounts.map(({ id, name }) => ({ id, name: clean(name, 100) })) };
  } catch (error) {
    const isRefused = isCloudflareFailure(error) && error.kind === "permission";
    if (!isRefused) return { ok: false, why: describe(error, baseUrl) };
  }
  // It may be for one account all the same, and not be allowed to list it.
  if (accountId === undefined || !ACCOUNT_ID.test(accountId))
    return { ok: false, why: `${NOT_ACCEPTED} If it is right, set CLOUDFLARE_ACCOUNT_ID and start again.` };
  const checked = await checkAccount(accountId, [], { token, baseUrl });
  return checked.ok ? { ok: true, found: [checked.found] } : checked;
}

/** The account of that name or id, if the token works there. */
export async function checkAccount(
  name: string,
  accounts: readonly Account[],
  { token, baseUrl }: { token: string; baseUrl: string },
): Promise<Checked<Account>> {
  const wanted = name.toLowerCase();
  const found = accounts.find((one) => one.id === wanted || one.name.toLowerCase() === wanted);
  if (found === undefined && accounts.length > 0)
    return {
      ok: false,
      why: `The token is not for an account "${clean(name, 60)}". It is for ${accounts.map((one) => one.name).join(", ")}.`,
    };
  if (found === undefined && !ACCOUNT_ID.test(wanted))
    return { ok: false, why: "That is not an account id: it is 32 hexadecimal digits." };
  const account = found ?? { id: wanted, name: wanted };
  try {
    const cloudflare = createCloudflare({
      baseUrl,
      accountId: account.id,
      auth: { kind: "token", token },
      log,
    });
    const { status } = await cloudflare.tokens.verify();
    if (status === "active") return { ok: true, found: account };
    return { ok: false, why: `The Cloudflare token is ${status}. Make a new one in the dashboard.` };
  } catch (error) {
    return { ok: false, why: describe(error, baseUrl) };
  }
}

function describe(error: unknown, baseUrl: string): string {
  const kind = isCloudflareFailure(error) ? error.kind : "unknown";
  if (kind === "auth" || kind === "rejected" || kind === "permission")
    return `${NOT_ACCEPTED} Copy it again, or make a new one: Manage Account › Account API Tokens.`;
  if (kind === "network" || kind === "timeout")
    return `Cloudflare can't be reached at ${baseUrl}. Check the network, a proxy and CLOUDFLARE_BASE_URL.`;
  return `Cloudflare returned an error (${kind}). Try again.`;
}
