import type { SectionBlock } from "@slack/types";

import type { AccessUser, Page } from "../api/cloudflare.ts";
import { plural } from "../words.ts";
import { context, section, type Message } from "./blocks.ts";
import { fitLines } from "./fit.ts";
import { pagingButtons } from "./paging.ts";
import { screenButton } from "./screen-button.ts";
import { code, escape, named, utc, when } from "./text.ts";

export const USERS_PAGE_SIZE = 10;

export interface UsersProps {
  found: Page<AccessUser>;
  /** What was searched for; "" for everybody. */
  search: string;
  now: number;
}

/** `/zt users`: a page of the account's users as Cloudflare pages them, each with a button to the summary. */
export function usersMessage({ found, search, now }: UsersProps): Message {
  const about = search === "" ? "" : ` matching “${escape(search, 100)}”`;
  const users = byNewestLogin(found.items).slice(0, USERS_PAGE_SIZE);
  const left = found.items.length - users.length;
  const paging = pagingButtons("users", search === "" ? {} : { search }, {
    page: found.page,
    hasNext: hasNext(found, search),
  });
  if (users.length === 0) {
    const nobody = found.page > 1 ? `No more users${about}` : `No Access user${about}`;
    return {
      text: nobody,
      blocks: [section(`*${nobody}* (${when(now, "time")})`), context(nextStep(found, search)), ...paging],
    };
  }
  const title = `Access users${about} · ${rangeOf(found, search)}`;
  return {
    text: fitLines([title, ...users.map(lineOf)], 3000),
    blocks: [
      section(`*${title}* (${when(now, "time")})`),
      ...users.map(rowOf),
      ...(left > 0 ? [context(`and ${plural(left, "user")} more on this page: search to see them`)] : []),
      ...(found.page > 1 || paging.length > 0
        ? [context("Cloudflare sets the order of pages; each page has the newest log-in first.")]
        : []),
      ...paging,
    ],
  };
}

/** Within what Cloudflare gives: its list takes no order. */
function byNewestLogin(users: readonly AccessUser[]): AccessUser[] {
  return users.toSorted((a, b) => (b.lastLoginAt ?? 0) - (a.lastLoginAt ?? 0));
}

/**
 * By its API document, Cloudflare's total counts everybody, whatever was searched for: with a search term a page
 * that is not full is the last one.
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
  const range = `${from.toLocaleString("en-US")}–${to.toLocaleString("en-US")}`;
  if (!hasNext(found, search)) return `${range} of ${to.toLocaleString("en-US")}`;
  if (totalCount === null) return `${range}, there are more`;
  return `${range} of ${search === "" ? "" : "at most "}${totalCount.toLocaleString("en-US")}`;
}

function nextStep({ page }: Page<AccessUser>, search: string): string {
  if (page > 1) return "→ Go back a page.";
  if (search !== "")
    return "→ Search for a shorter part of the name or address, or see everybody with `/zt users`.";
  // Access lists have been seen to answer a token without the permission with an empty list.
  return "→ Nobody has logged in yet, or the API token lacks “Access: Audit Logs Read”.";
}

function rowOf(user: AccessUser, index: number): SectionBlock {
  // A name may run from right to left: it has a line of its own, so that it turns nothing else around.
  const name = named(user.name, "");
  const title = name === "" ? "" : `*${escape(name, 80)}*\n`;
  return {
    ...section(`${title}${code(user.email || user.id, 254)}\n${factsOf(user)}`),
    accessory: screenButton({
      text: "Open",
      screen: "user",
      which: `open-${index}`,
      params: { user: user.id },
      label: `Summary of ${user.email || name || user.id}`,
    }),
  };
}

function factsOf(user: AccessUser): string {
  const seats = [
    ...(user.accessSeat === true ? ["Access seat"] : []),
    ...(user.gatewaySeat === true ? ["Gateway seat"] : []),
  ];
  return [
    user.lastLoginAt === null ? "no log-in recorded" : `last log-in ${when(user.lastLoginAt)}`,
    ...(seats.length === 0 ? ["no seat"] : seats),
    ...(user.activeDeviceCount === null ? [] : [plural(user.activeDeviceCount, "device")]),
  ].join(" · ");
}

function lineOf(user: AccessUser): string {
  const address = user.email || user.id;
  const name = named(user.name, "", 80);
  const who = name === "" ? address : `${name} (${address})`;
  const login = user.lastLoginAt === null ? "no log-in recorded" : `last log-in ${utc(user.lastLoginAt)}`;
  return `${escape(who, 200)}, ${login}`;
}
