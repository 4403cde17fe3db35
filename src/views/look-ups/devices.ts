import type { ActionsBlock, PlainTextOption, SectionBlock } from "@slack/types";

import type { AccessUser, Registration } from "../../api/cloudflare.ts";
import { compact } from "../../compact.ts";
import { activeFirst, isActive, type Registrations } from "../../lookup/registrations.ts";
import { number, plural } from "../../pluralize.ts";
import { context, folded, plain, section, type Message } from "../blocks.ts";
import { dateCell, shortDateCell, table, textCell, type Cell } from "../cells.ts";
import { FORM_PREFIX } from "../forms/button.ts";
import { emptyMessage, listMessage, pageOf, pagingButtons } from "../list.ts";
import { packParams } from "../screen-button.ts";
import { subjectOf, toSummary, whoOf } from "../subject.ts";
import { code, duration, escape, named, when } from "../text.ts";

const PAGE_SIZE = 15;

/** `/zt devices`: a user's devices, active ones first, revoked ones with when. What is seldom needed is folded. */
export function devicesMessage(
  user: AccessUser,
  { items, isComplete }: Registrations,
  { now, page: asked = 1 }: { now: number; page?: number },
): Message {
  const head = subjectOf(user);
  if (items.length === 0) {
    const next = `→ They can still sign in with a browser: \`/zt sessions ${whoOf(user)}\` shows their sessions.`;
    const rest = " has no registered device, and none was revoked";
    return emptyMessage(head, rest, now, context(next), toSummary(user));
  }
  const active = items.filter(isActive).length;
  const revoked = items.length - active;
  const shared = items.filter((one) => one.multiUser).length;
  const page = pageOf(activeFirst(items), asked, PAGE_SIZE);
  const title = `${isComplete ? "" : "at least "}${plural(active, "active device")}${revoked === 0 ? "" : `, ${number(revoked)} revoked`}`;
  const notes = compact(
    shared > 0 && `👥 ${plural(shared, "device")} in multi-user mode: other people use the same device.`,
    !isComplete && `These are the first ${number(items.length)}; the dashboard shows the rest.`,
  );
  return listMessage(
    { head, title, now, page, lineOf, notes },
    [
      table(
        ["Device", "Last seen"],
        page.items.map((one) => [nameCell(one), shortDateCell(one.lastSeenAt, now)]),
      ),
      ...folded("Ids and clients", detailSections(page.items)),
    ],
    deviceMenu(page.items, now),
    toSummary(user, pagingButtons("devices", { user: user.id }, page)),
  );
}

/** Opens the form of a revocation with one device ticked. */
export const PICK_DEVICE = `${FORM_PREFIX}revoke-devices:one`;

/** One menu for all that are shown: a button each would make the list long on a phone. */
function deviceMenu(items: readonly Registration[], now: number): ActionsBlock[] {
  // One whose id fits no option is revoked by the command. Cloudflare's ids have 36 characters.
  const offered = items.filter((one) => isActive(one) && deviceValue(one).length <= MAX_VALUE);
  const options = offered.map((one): PlainTextOption => ({
    text: plain(deviceName(one), 75),
    // Text of an option holds no date in the reader's zone.
    description: plain(
      one.lastSeenAt === null ? "never seen" : `seen ${duration(now - one.lastSeenAt)} ago`,
      75,
    ),
    value: deviceValue(one),
  }));
  if (options.length === 0) return [];
  const placeholder = plain("Revoke one…");
  const menu = { type: "static_select" as const, action_id: PICK_DEVICE, placeholder, options };
  return [{ type: "actions", block_id: "pick_device", elements: [menu] }];
}

/** Slack takes no longer value of an option. */
const MAX_VALUE = 75;

/** Whose it is, is looked up again: both ids do not fit. */
function deviceValue({ id }: Registration): string {
  return packParams({ device: id });
}

/** The name, and below it that it is not active. */
function nameCell(one: Registration): Cell {
  const name = deviceName(one);
  if (one.revokedAt !== null) return endedCell(`${name} · 🚫 revoked `, one.revokedAt);
  if (one.deletedAt !== null) return endedCell(`${name} · 🗑️ deleted `, one.deletedAt);
  return textCell(name, 70);
}

function endedCell(before: string, at: number): Cell {
  return dateCell(at, { before, format: "day" });
}

/** Past this a section would be cut. */
const DETAILS_IN_A_SECTION = 5;

function detailSections(items: readonly Registration[]): SectionBlock[] {
  const lines = items.map((one) =>
    compact(
      `*${escape(deviceName(one), 60)}*`,
      one.clientVersion !== null && `client ${escape(one.clientVersion, 30)}`,
      one.tunnelType !== null && escape(one.tunnelType, 20),
      one.keyType !== null && escape(one.keyType, 20),
      code(one.id, 64),
    ).join(" · "),
  );
  const count = Math.ceil(lines.length / DETAILS_IN_A_SECTION);
  return Array.from({ length: count }, (_, index) =>
    section(...lines.slice(index * DETAILS_IN_A_SECTION, (index + 1) * DETAILS_IN_A_SECTION)),
  );
}

function deviceName({ deviceName: name, multiUser }: Registration): string {
  return `${multiUser ? "👥 " : ""}${named(name, "unnamed device", 60)}`;
}

function lineOf(one: Registration): string {
  return compact(
    escape(deviceName(one), 80),
    one.revokedAt === null ? "active" : `revoked ${when(one.revokedAt)}`,
    one.lastSeenAt !== null && `last seen ${when(one.lastSeenAt)}`,
  ).join(", ");
}
