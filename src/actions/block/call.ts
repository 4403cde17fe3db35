import type { CallOptions, Cloudflare } from "../../api/cloudflare.ts";
import { UserError } from "../../errors.ts";
import { findOnList, readBlockList, type BlockList, type BlockPolicy } from "../../lookup/block-list.ts";
import { capitalize } from "../../pluralize.ts";
import type { Target } from "../../requests/target.ts";
import { readOrNull, type Look } from "../define.ts";
import { NOTHING_SENT, type Receipt } from "../receipt.ts";
import { isEnforced, type FrozenList } from "./options.ts";

/** Whether they were on the list before the call, spelled however. */
export interface BlockBaseline {
  isListed: boolean;
}

/** The list that policy.yml names. @throws UserError where there is none that can be used */
export async function requireBlockList(
  cloudflare: Cloudflare,
  block: BlockPolicy | null,
  { email, id }: Target,
): Promise<BlockList> {
  if (email.trim() === "") {
    throw new UserError({
      what: `The Access user ${id} has no email address, so zt-bot can't put them on a list of email addresses.`,
      next: "Disable the account in your IdP.",
    });
  }
  if (block === null) {
    throw new UserError({
      what: "No block list is set up.",
      why: "block in policy.yml names no Zero Trust list.",
      next: "Disable the account in your IdP, and ask the people who run zt-bot to set block.email_list.",
    });
  }
  const list = await readBlockList(cloudflare, block);
  if (list === null) {
    throw new UserError({
      what: "The block list does not exist.",
      why: `Cloudflare has no Zero Trust list with the id ${block.emailList}.`,
      next: "Disable the account in your IdP, and ask the people who run zt-bot to correct block.email_list.",
    });
  }
  if (list.type !== "EMAIL") {
    throw new UserError({
      what: `The list “${list.name}” is no list of email addresses.`,
      why: `Its type is ${list.type ?? "unknown"}.`,
      next: "Disable the account in your IdP, and ask the people who run zt-bot to correct block.email_list.",
    });
  }
  return list;
}

/** @returns null where the list could not be read. */
export async function readListed(
  cloudflare: Cloudflare,
  listId: string,
  email: string,
): Promise<BlockBaseline | null> {
  const found = await readOrNull(findOnList(cloudflare, listId, email));
  return found === null ? null : { isListed: found.length > 0 };
}

/** Adds the address as it is spelled, unless it is on the list already. A list that can't be read is added to. */
export async function addToList(
  cloudflare: Cloudflare,
  listId: string,
  email: string,
  call?: CallOptions,
): Promise<Receipt> {
  const found = await readOrNull(findOnList(cloudflare, listId, email));
  if (found !== null && found.length > 0) return NOTHING_SENT;
  const append = [{ value: email, description: "Added by zt-bot" }];
  return cloudflare.gatewayLists.change(listId, { append }, call);
}

/** Takes the address off the list, in every spelling that is there. @throws CloudflareError where it can't be read */
export async function takeOffList(
  cloudflare: Cloudflare,
  listId: string,
  email: string,
  call?: CallOptions,
): Promise<Receipt> {
  const remove = await findOnList(cloudflare, listId, email);
  return remove.length === 0 ? NOTHING_SENT : cloudflare.gatewayLists.change(listId, { remove }, call);
}

/** Reads the list again. @throws CloudflareError */
export async function seeListed(
  cloudflare: Cloudflare,
  list: FrozenList,
  email: string,
  baseline: BlockBaseline | null,
): Promise<Omit<Look, "checkedAt">> {
  const isListed = (await findOnList(cloudflare, list.id, email)).length > 0;
  const notes = [
    ...(baseline === null ? ["whether they were on the list before is unknown"] : []),
    ...(isEnforced(list)
      ? []
      : [
          list.enforcedBy === "nothing"
            ? "no enabled Gateway rule uses this list: it blocks nothing"
            : "whether a Gateway rule uses this list is unknown",
        ]),
  ];
  const on = `on the list “${list.name}”`;
  const was = baseline?.isListed === true;
  const done = isEnforced(list) ? (was ? `Already blocked (${on})` : `Blocked (${on})`) : capitalize(on);
  return {
    confirmed: isListed,
    summary: isListed ? done : `Not ${on}`,
    notes,
    provesCall: isListed && baseline?.isListed === false,
  };
}
