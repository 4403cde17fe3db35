import type { SectionBlock } from "@slack/types";

import type { AccessUser, Page } from "../../api/cloudflare.ts";
import { compact } from "../../compact.ts";
import { number, plural } from "../../pluralize.ts";
import { actions, context, message, section, type Message } from "../blocks.ts";
import { listMessage, pagingButtons, rangeText } from "../list.ts";
import { screenButton } from "../screen-button.ts";
import { code, escape, named, when } from "../text.ts";

export const USERS_PAGE_SIZE = 10;

interface UsersProps {
  found: Page<AccessUser>;
  /** What was searched for; "" for all users. */
  search: string;
  now: number;
}

/** `/zt users`: a page of the account's users as Cloudflare pages them, each with a button to the summary. */
export function usersMessage({ found, search, now }: UsersProps): Message {
  const about = search === "" ? "" : ` matching "${escape(search, 100)}"`;
  const items = byNewestSignIn(found.items).slice(0, USERS_PAGE_SIZE);
  const left = found.items.length - items.length;
  const page = { items, page: found.page, hasNext: hasNext(found, search), range: rangeOf(found, search) };
  const buttons = pagingButtons("users", search === "" ? {} : { search }, page);
  const paging = actions("paging", buttons);
  if (items.length === 0) {
    const none = found.page > 1 ? `No more users${about}` : `No Access user${about}`;
    const title = section(`*${none}* (${when(now, "time")})`);
    return message(none, title, context(nextStep(found, search)), paging);
  }
  const head = `Access users${about} · ${page.range}`;
  return listMessage(
    { head, now, page: { ...page, range: "" }, lineOf },
    items.map(rowOf),
    left > 0 &&
      context(`and ${plural(left, "user")} more on this page: type /zt users and a part of the name`),
    buttons.length > 0 &&
      context("Cloudflare sets the order of pages; each page has the newest sign-in first."),
    paging,
  );
}

/** Within what Cloudflare gives: its list takes no order. */
function byNewestSignIn(users: readonly AccessUser[]): AccessUser[] {
  return users.toSorted((a, b) => (b.lastLoginAt ?? 0) - (a.lastLoginAt ?? 0));
}

/**
 * By its API document, Cloudflare's total counts all users, also of a search: with a search term a page that is not
 * full is the last one.
 */
function hasNext({ items, page, perPage, totalCount }: Page<AccessUser>, search: string): boolean {
  const isFull = items.length >= perPage;
  if (search !== "" && !isFull) return false;
  return totalCount === null ? isFull : items.length > 0 && page * perPage < totalCount;
}

/** `11–20 of 214`; with a search term the total is only known not to be higher. */
function rangeOf(found: Page<AccessUser>, search: string): string {
  const { items, page, perPage, totalCount } = found;
  const from = (page - 1) * perPage + 1;
  const to = from + items.length - 1;
  if (!hasNext(found, search)) return `${rangeText(from, to)} of ${number(to)}`;
  if (totalCount === null) return `${rangeText(from, to)}, there are more`;
  return `${rangeText(from, to)} of ${search === "" ? "" : "at most "}${number(totalCount)}`;
}

function nextStep({ page }: Page<AccessUser>, search: string): string {
  if (page > 1) return "→ Go back a page.";
  if (search !== "")
    return "→ Try a shorter part of the name, or `/zt users` for all. If that is empty too, the API token may lack “Access: Audit Logs Read”.";
  return "→ No one has signed in yet, or the API token lacks “Access: Audit Logs Read”. Check its permissions in Cloudflare.";
}

function rowOf(user: AccessUser, index: number): SectionBlock {
  // A name may run from right to left: it has its own line, so that it turns nothing else around.
  const name = named(user.name, "");
  const label = `Summary of ${user.email || name || user.id}`;
  return {
    ...section(name !== "" && `*${escape(name, 80)}*`, code(user.email || user.id, 254), factsOf(user)),
    accessory: screenButton("Open", "user", { user: user.id }, label, `open-${index}`),
  };
}

function factsOf(user: AccessUser): string {
  const seats = compact(
    user.accessSeat === true && "Access seat",
    user.gatewaySeat === true && "Gateway seat",
  );
  return compact(
    user.lastLoginAt === null ? "no sign-in recorded" : `last sign-in ${when(user.lastLoginAt)}`,
    seats.length === 0 ? "no seat" : seats,
    user.activeDeviceCount !== null && plural(user.activeDeviceCount, "device"),
  ).join(" · ");
}

function lineOf(user: AccessUser): string {
  const address = user.email || user.id;
  const name = named(user.name, "", 80);
  const who = name === "" ? address : `${name} (${address})`;
  const seen = user.lastLoginAt === null ? "no sign-in recorded" : `last sign-in ${when(user.lastLoginAt)}`;
  return `${escape(who, 200)}, ${seen}`;
}
