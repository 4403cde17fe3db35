import {
  sameEmail,
  type CallOptions,
  type Cloudflare,
  type GatewayRule,
  type ListItem,
} from "../api/cloudflare.ts";
import { isCloudflareFailure, orNull } from "../api/errors.ts";

/** What policy.yml says of the list that keeps people out. */
export interface BlockPolicy {
  /** A Zero Trust list of type EMAIL. */
  emailList: string;
  /** What makes the list block anyone: Gateway rules, which are looked at, or Access policies, as the operator says. */
  enforcedBy: "gateway" | "access";
}

/** What makes a list block someone, as far as could be read. A list alone blocks no one. */
export type Enforcement = "gateway" | "access" | "nothing" | "unknown";

export interface BlockList {
  id: string;
  name: string;
  /** "EMAIL", or what it is instead. */
  type: string | null;
  enforcedBy: Enforcement;
  /** The names of the enabled Gateway rules that mention it. */
  rules: string[];
}

/** The list and what enforces it, read at once. null: it does not exist. @throws CloudflareError where it can't be read */
export async function readBlockList(
  cloudflare: Cloudflare,
  { emailList, enforcedBy }: BlockPolicy,
  call?: CallOptions,
): Promise<BlockList | null> {
  const [list, rules] = await Promise.all([
    orNull(cloudflare.gatewayLists.get(emailList, call)),
    enforcedBy === "access" ? [] : readRules(cloudflare, call),
  ]);
  if (list === null) return null;
  const using = usingList(rules, emailList);
  return {
    id: emailList,
    name: list.name ?? emailList,
    type: list.type,
    enforcedBy: enforcedBy === "access" ? "access" : enforcementOf(rules, emailList),
    rules: using.map(({ id, name }) => name ?? id),
  };
}

function usingList(rules: readonly GatewayRule[] | null, listId: string): GatewayRule[] {
  return (rules ?? []).filter((rule) => usesList(rule, listId));
}

function enforcementOf(rules: readonly GatewayRule[] | null, listId: string): Enforcement {
  if (usingList(rules, listId).length > 0) return "gateway";
  return rules === null ? "unknown" : "nothing";
}

/** Who is on the block list, and what makes it block them. */
export interface Listing {
  enforcedBy: Enforcement;
  items: readonly Pick<ListItem, "value" | "createdAt">[];
}

/** How someone stands on the block list. */
export interface Listed {
  isListed: boolean;
  /** Since when, where Cloudflare says; epoch milliseconds. */
  since: number | null;
  enforcedBy: Enforcement;
}

/** Everyone on the list, and what enforces it, read at once. @throws CloudflareError, NotFoundError where there is none */
export async function readListing(
  cloudflare: Cloudflare,
  { emailList, enforcedBy }: BlockPolicy,
  call?: CallOptions,
): Promise<Listing> {
  const [items, rules] = await Promise.all([
    cloudflare.gatewayLists.items(emailList, call),
    enforcedBy === "access" ? null : readRules(cloudflare, call),
  ]);
  return { items, enforcedBy: enforcedBy === "access" ? "access" : enforcementOf(rules, emailList) };
}

/** How this address stands on it, spelled however. No address is on no list. */
export function findListed({ items, enforcedBy }: Listing, email: string): Listed {
  const found = items.filter(({ value }) => email !== "" && sameEmail(value, email));
  const times = found.flatMap(({ createdAt }) => createdAt ?? []);
  return {
    isListed: found.length > 0,
    since: times.length === 0 ? null : Math.min(...times),
    enforcedBy,
  };
}

/** null where Cloudflare could not say: that is not "no rule". */
async function readRules(cloudflare: Cloudflare, call?: CallOptions): Promise<GatewayRule[] | null> {
  try {
    return await cloudflare.gatewayRules.list(call);
  } catch (error) {
    if (!isCloudflareFailure(error)) throw error;
    return null;
  }
}

/** Whether an enabled rule names the list: `$<id>` in one of its expressions, with or without the id's dashes. */
export function usesList(rule: GatewayRule, listId: string): boolean {
  if (rule.enabled !== true || rule.deletedAt !== null) return false;
  const name = `$${fold(listId)}`;
  return [rule.traffic, rule.identity, rule.devicePosture].some((part) => fold(part ?? "").includes(name));
}

function fold(text: string): string {
  return text.replaceAll("-", "").toLowerCase();
}

/** The items that are this address, spelled as the list has them. @throws CloudflareError */
export async function findOnList(
  cloudflare: Cloudflare,
  listId: string,
  email: string,
  call?: CallOptions,
): Promise<string[]> {
  const items = await cloudflare.gatewayLists.items(listId, call);
  return items.map(({ value }) => value).filter((value) => sameEmail(value, email));
}
