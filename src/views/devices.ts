import type { AccessUser, Registration } from "../api/cloudflare.ts";
import { activeFirst, isActive, type Registrations } from "../lookup/registrations.ts";
import { plural } from "../words.ts";
import { context, section, type Message } from "./blocks.ts";
import { codeCell, dateCell, table, textCell, type Cell } from "./cells.ts";
import { fitLines } from "./fit.ts";
import { pageOf, pagingButtons, rangeText } from "./paging.ts";
import { subjectOf, toSummary, whoOf } from "./subject.ts";
import { escape, named, utc, when } from "./text.ts";

const PAGE_SIZE = 15;

const TITLES = ["Device", "State", "Last seen", "Client", "Tunnel", "Key", "Registration"];

/** `/zt devices`: a user's device registrations, active ones first, revoked ones with when. */
export function devicesMessage(
  user: AccessUser,
  { items, complete }: Registrations,
  { now, page = 1 }: { now: number; page?: number },
): Message {
  const who = subjectOf(user);
  if (items.length === 0) {
    return {
      text: `${who} has no device registered, and none was revoked`,
      blocks: [
        section(`*${who}* has no device registered, and none was revoked (${when(now, "time")}).`),
        context(`→ They can still get in by browser: \`/zt sessions ${whoOf(user)}\` shows where they are.`),
        toSummary(user),
      ],
    };
  }
  const active = items.filter(isActive).length;
  const revoked = items.length - active;
  const shared = items.filter((one) => one.multiUser).length;
  const shown = pageOf(activeFirst(items), page, PAGE_SIZE);
  const title = `${plural(active, "active registration")}${revoked === 0 ? "" : `, ${revoked.toLocaleString("en-US")} revoked`}`;
  const range = shown.pages > 1 ? ` · ${rangeText(shown)}` : "";
  const notes = [
    ...(shared === 0
      ? []
      : [
          `👥 ${plural(shared, "registration")} in multi-user mode: others use the same device, under registrations of their own.`,
        ]),
    ...(complete
      ? []
      : [`Cloudflare has more: these are the first ${items.length} it gave. The dashboard shows the rest.`]),
  ];
  return {
    text: fitLines([`${who}: ${title}${range}`, ...notes, ...shown.items.map(lineOf)], 3000),
    blocks: [
      section(`*${who}*: ${title}${range} (${when(now, "time")})`),
      table(TITLES, shown.items.map(rowOf)),
      ...notes.map((note) => context(note)),
      toSummary(
        user,
        pagingButtons("devices", { user: user.id }, { page: shown.page, hasNext: shown.page < shown.pages }),
      ),
    ],
  };
}

function rowOf(one: Registration): Cell[] {
  return [
    textCell(deviceName(one), 70),
    stateCell(one),
    dateCell(one.lastSeenAt),
    textCell(one.clientVersion, 30),
    textCell(one.tunnelType, 20),
    textCell(one.keyType, 20),
    codeCell(one.id),
  ];
}

function stateCell(one: Registration): Cell {
  if (one.revokedAt !== null) return dateCell(one.revokedAt, { before: "🚫 revoked " });
  if (one.deletedAt !== null) return dateCell(one.deletedAt, { before: "🗑️ deleted " });
  return textCell("active");
}

function deviceName({ deviceName: name, multiUser }: Registration): string {
  return `${multiUser ? "👥 " : ""}${named(name, "unnamed device", 60)}`;
}

function lineOf(one: Registration): string {
  return [
    escape(deviceName(one), 80),
    one.revokedAt === null ? "active" : `revoked ${utc(one.revokedAt)}`,
    ...(one.lastSeenAt === null ? [] : [`last seen ${utc(one.lastSeenAt)}`]),
  ].join(", ");
}
