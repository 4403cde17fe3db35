import type { AccessUser, Registration } from "../../api/cloudflare.ts";
import { compact } from "../../compact.ts";
import { activeFirst, isActive, type Registrations } from "../../lookup/registrations.ts";
import { number, plural } from "../../pluralize.ts";
import { context, type Message } from "../blocks.ts";
import { codeCell, dateCell, table, textCell, type Cell } from "../cells.ts";
import { emptyMessage, listMessage, pageOf, pagingButtons } from "../list.ts";
import { subjectOf, toSummary, whoOf } from "../subject.ts";
import { escape, named, utc } from "../text.ts";

const PAGE_SIZE = 15;

const TITLES = ["Device", "State", "Last seen", "Client", "Tunnel", "Key", "Registration"];

/** `/zt devices`: a user's device registrations, active ones first, revoked ones with when. */
export function devicesMessage(
  user: AccessUser,
  { items, isComplete }: Registrations,
  { now, page: asked = 1 }: { now: number; page?: number },
): Message {
  const head = subjectOf(user);
  if (items.length === 0) {
    const next = `→ They can still get in by browser: \`/zt sessions ${whoOf(user)}\` shows where they are.`;
    const rest = " has no device registered, and none was revoked";
    return emptyMessage(head, rest, now, context(next), toSummary(user));
  }
  const active = items.filter(isActive).length;
  const revoked = items.length - active;
  const shared = items.filter((one) => one.multiUser).length;
  const page = pageOf(activeFirst(items), asked, PAGE_SIZE);
  const title = `${isComplete ? "" : "at least "}${plural(active, "active registration")}${revoked === 0 ? "" : `, ${number(revoked)} revoked`}`;
  const notes = compact(
    shared > 0 &&
      `👥 ${plural(shared, "registration")} in multi-user mode: others use the same device, under registrations of their own.`,
    !isComplete &&
      `Cloudflare has more: these are the first ${items.length} it gave. The dashboard shows the rest.`,
  );
  return listMessage(
    { head, title, now, page, lineOf, notes },
    [table(TITLES, page.items.map(rowOf))],
    toSummary(user, pagingButtons("devices", { user: user.id }, page)),
  );
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
  return compact(
    escape(deviceName(one), 80),
    one.revokedAt === null ? "active" : `revoked ${utc(one.revokedAt)}`,
    one.lastSeenAt !== null && `last seen ${utc(one.lastSeenAt)}`,
  ).join(", ");
}
