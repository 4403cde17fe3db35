import type { Option } from "@slack/types";

import { mayUse } from "../commands/authorise.ts";
import type { Asker, Deps } from "../deps.ts";
import { maskSecrets } from "../secrets.ts";
import { plain } from "../views/blocks.ts";

const MAX_OPTIONS = 20;

/** Slack waits three seconds for options; a menu that answers later shows an error. */
const TIMEOUT_MS = 2500;

/**
 * Access users whose name or email holds what was typed, for menus that search as people type. Who can't look
 * people up gets none, and so does everyone while Cloudflare is slow: the menu says that nothing was found.
 */
export async function searchUsers(deps: Deps, asker: Asker, typed: string): Promise<Option[]> {
  const search = maskSecrets(typed).text.trim().slice(0, 100);
  if (search.length < 2 || !(await mayUse({ deps, asker }, "viewer"))) return [];
  const { items } = await deps.cloudflare.accessUsers.list(
    { search, perPage: MAX_OPTIONS },
    { timeoutMs: TIMEOUT_MS },
  );
  return items.slice(0, MAX_OPTIONS).map(({ id, name, email }) => ({
    value: id,
    text: plain(name === "" ? email : `${name} (${email})`, 75),
  }));
}
