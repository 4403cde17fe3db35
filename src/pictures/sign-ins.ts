import { countLane, type Lane, type SignInLanes } from "../lookup/sign-ins/lanes.ts";
import { list, plural } from "../pluralize.ts";
import { duration } from "../views/text.ts";

/**
 * The picture of a user's sign-ins: 24 hours from left to right, a lane for each address, denied and allowed apart by
 * color, shape and height, and a line where their access was revoked. Pure: what is where, in CSS pixels on a phone.
 * Times count back from now, as one picture is seen by readers in several zones.
 */
export interface Drawing {
  width: number;
  height: number;
  shapes: Shape[];
}

export type Shape =
  | {
      kind: "text";
      x: number;
      y: number;
      text: string;
      size: number;
      color: string;
      align?: "right" | "center";
    }
  | { kind: "line"; x1: number; y1: number; x2: number; y2: number; color: string; dashed?: true }
  | { kind: "dot" | "cross" | "ring"; x: number; y: number; r: number; color: string };

const WIDTH = 360;
const TOP = 34;
const LANE = 38;
const PLOT = { from: 118, to: 306 };
const FOOT = 66;
const INK = "#1d1c1d";
const MUTED = "#59575c";
const FAINT = "#dddbe0";
const GREEN = "#00704f";
const RED = "#c01343";
const HOURS = [24, 18, 12, 6, 0];

/** Shapes for {@link renderPng}; without a sign-in there is nothing to draw. */
export function drawSignIns(data: SignInLanes): Drawing | null {
  const { lanes, revokedAt, others } = data;
  if (lanes.length === 0) return null;
  const bottom = TOP + lanes.length * LANE;
  const x = (at: number) => PLOT.from + ((at - data.from) / (data.to - data.from)) * (PLOT.to - PLOT.from);
  const shapes: Shape[] = [
    text(12, 20, "Sign-ins, last 24 hours", { size: 13 }),
    ...HOURS.flatMap((hours): Shape[] => {
      const at = x(data.to - (hours / 24) * (data.to - data.from));
      const label = hours === 0 ? "now" : `−${hours} h`;
      return [
        { kind: "line", x1: at, y1: TOP, x2: at, y2: bottom, color: FAINT },
        text(at, bottom + 14, label, { size: 10, color: MUTED, align: "center" }),
      ];
    }),
    ...lanes.flatMap((lane, index) => drawLane(lane, TOP + index * LANE, x)),
    ...revokedAt.flatMap((at): Shape[] => [
      { kind: "line", x1: x(at), y1: TOP - 4, x2: x(at), y2: bottom, color: INK, dashed: true },
      text(Math.min(x(at), WIDTH - 36), TOP - 7, "revoked", { size: 9, align: "center" }),
    ]),
    ...legend(bottom + 34, data),
  ];
  const more = others.places === 0 ? [] : [othersText(data)];
  return {
    width: WIDTH,
    height: bottom + FOOT + (more.length - 1) * 14,
    shapes: [...shapes, ...more.map((line) => text(12, bottom + 54, line, { size: 10, color: MUTED }))],
  };
}

function drawLane(lane: Lane, top: number, x: (at: number) => number): Shape[] {
  const middle = top + LANE / 2;
  const { allowed, denied } = countLane(lane);
  const place = lane.country ?? "unknown country";
  return [
    { kind: "line", x1: 12, y1: top, x2: WIDTH - 12, y2: top, color: FAINT },
    text(12, middle - 2, place, { size: lane.country === null ? 10 : 12 }),
    text(12, middle + 11, shortAddress(lane.ip), { size: 10, color: MUTED }),
    // Denied stands above allowed, so that neither hides the other.
    ...grouped(lane, false, x).map(({ at, r }): Shape => ({
      kind: "cross",
      x: at,
      y: middle - 7,
      r,
      color: RED,
    })),
    ...grouped(lane, true, x).map(({ at, r }): Shape => ({
      kind: "dot",
      x: at,
      y: middle + 7,
      r,
      color: GREEN,
    })),
    ...grouped(lane, null, x).map(({ at, r }): Shape => ({
      kind: "ring",
      x: at,
      y: middle,
      r,
      color: MUTED,
    })),
    ...count(denied, "cross", middle - 7, RED),
    ...count(allowed, "dot", middle + 7, GREEN),
  ];
}

function count(number: number, kind: "cross" | "dot", y: number, color: string): Shape[] {
  if (number === 0) return [];
  return [
    text(WIDTH - 24, y + 4, number > 999 ? "999+" : String(number), { size: 11, color, align: "right" }),
    { kind, x: WIDTH - 16, y, r: 3.5, color },
  ];
}

/** What would lie on one another is one mark, larger the more there are. */
function grouped(
  { signIns }: Lane,
  allowed: boolean | null,
  x: (at: number) => number,
): { at: number; r: number }[] {
  const places = signIns.filter((one) => one.allowed === allowed).map((one) => Math.round(x(one.at) / 6) * 6);
  return [...Map.groupBy(places, (place) => place)].map(([at, all]) => ({
    at,
    r: Math.min(3 + Math.log2(all.length), 6),
  }));
}

function legend(y: number, { lanes, revokedAt }: SignInLanes): Shape[] {
  const hasUnknown = lanes.some((lane) => countLane(lane).unknown > 0);
  const entries: { words: string; mark: (x: number) => Shape; width: number }[] = [
    { words: "denied", mark: (x) => ({ kind: "cross", x, y, r: 3.5, color: RED }), width: 62 },
    { words: "allowed", mark: (x) => ({ kind: "dot", x, y, r: 3.5, color: GREEN }), width: 68 },
  ];
  if (hasUnknown)
    entries.push({
      words: "unknown",
      mark: (x) => ({ kind: "ring", x, y, r: 3.5, color: MUTED }),
      width: 74,
    });
  if (revokedAt.length > 0)
    entries.push({
      words: "access revoked",
      mark: (x) => ({ kind: "line", x1: x, y1: y - 6, x2: x, y2: y + 6, color: INK, dashed: true }),
      width: 100,
    });
  let at = 16;
  return entries.flatMap(({ words, mark, width }) => {
    const here = at;
    at += width;
    return [mark(here), text(here + 8, y + 4, words, { size: 11 })];
  });
}

function text(
  x: number,
  y: number,
  words: string,
  { size, color = INK, align }: { size: number; color?: string; align?: "right" | "center" },
): Shape {
  return { kind: "text", x, y, text: words, size, color, ...(align !== undefined && { align }) };
}

/** An IPv6 address keeps both of its ends. */
function shortAddress(ip: string | null): string {
  if (ip === null) return "unknown address";
  return ip.length <= 15 ? ip : `${ip.slice(0, 8)}…${ip.slice(-6)}`;
}

function othersText({ others }: SignInLanes): string {
  return `and ${plural(others.signIns, "sign-in")} from ${plural(others.places, "other address", "other addresses")}`;
}

/** What alt text may hold: https://docs.slack.dev/reference/block-kit/blocks/image-block */
const MAX_ALT = 2000;

/** The same in words, for those who don't see the picture. */
export function describeSignIns(data: SignInLanes): string {
  const ago = (at: number) => `${duration(data.to - at)} ago`;
  const lanes = data.lanes.map((lane) => {
    const { allowed, denied, unknown } = countLane(lane);
    const counts = [
      ...(denied > 0 ? [`${denied} denied`] : []),
      ...(allowed > 0 ? [`${allowed} allowed`] : []),
      ...(unknown > 0 ? [`${unknown} with an unknown result`] : []),
    ];
    const first = lane.signIns[0]?.at ?? data.to;
    const last = lane.signIns.at(-1)?.at ?? data.to;
    const span = first === last ? ago(last) : `from ${ago(first)} to ${ago(last)}`;
    return `${lane.country ?? "Unknown country"}, ${lane.ip ?? "unknown address"}: ${list(counts)}, ${span}.`;
  });
  const more = data.others.places > 0 ? [`${othersText(data).replace(/^a/, "A")}.`] : [];
  const revoked = data.revokedAt.length > 0 ? [`Access revoked ${list(data.revokedAt.map(ago))}.`] : [];
  return ["Sign-ins in the last 24 hours.", ...revoked, ...lanes, ...more].join(" ").slice(0, MAX_ALT);
}
