import type { CallOptions, Cloudflare, IdentityProvider } from "../api/cloudflare.ts";
import { memoize } from "../memoize.ts";

/** Whether someone is active at their identity provider, as it last synced them by SCIM. */
export interface IdpState {
  /** null: it does not say, or does not know them. */
  active: boolean | null;
  /** The provider that says so. */
  provider: string | null;
  /** No provider that syncs its users has them; absent otherwise, and from what was stored before it was kept. */
  isUnlisted?: true;
}

/** Which providers there are rarely changes, and each summary asks. */
const PROVIDERS_MS = 10 * 60_000;
/** One call each: an account has one or two that sync. */
const MAX_PROVIDERS = 3;

const providersOf = new WeakMap<Cloudflare, (key: string) => Promise<IdentityProvider[]>>();

function readProviders(cloudflare: Cloudflare, timeoutMs: number | undefined): Promise<IdentityProvider[]> {
  const known = providersOf.get(cloudflare);
  // With a time limit and no signal: one reader who gives up must not end it for the others.
  const read =
    known ?? memoize(Date.now, PROVIDERS_MS, () => cloudflare.identityProviders.list({ timeoutMs }));
  if (known === undefined) providersOf.set(cloudflare, read);
  return read("");
}

/** null: no identity provider syncs its users. Active at one of several is active. @throws CloudflareError */
export async function readIdpState(
  cloudflare: Cloudflare,
  email: string,
  call?: CallOptions,
): Promise<IdpState | null> {
  const syncing = (await readProviders(cloudflare, call?.timeoutMs)).filter(({ scim }) => scim === true);
  if (syncing.length === 0) return null;
  if (email.trim() === "") return { active: null, provider: null };
  const answers = await Promise.all(
    syncing.slice(0, MAX_PROVIDERS).map(async ({ id, name }) => {
      const users = await cloudflare.identityProviders.scimUsers(id, email, call);
      return users.map(({ active }) => ({ active, provider: name }));
    }),
  );
  const found = answers.flat();
  if (found.length === 0 && syncing.length <= MAX_PROVIDERS)
    return {
      active: null,
      provider: syncing.length === 1 ? (syncing[0]?.name ?? null) : null,
      isUnlisted: true,
    };
  const telling =
    found.find(({ active }) => active === true) ??
    // Disabled is only what every provider says that knows them, and all of them were asked.
    (syncing.length <= MAX_PROVIDERS && found.every(({ active }) => active === false) ? found[0] : undefined);
  return telling ?? { active: null, provider: null };
}
