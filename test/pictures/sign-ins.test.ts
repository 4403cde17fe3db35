import { loadImage } from "@napi-rs/canvas";
import { describe, expect, it } from "vitest";

import type { AccessRequest } from "../../src/api/cloudflare.ts";
import { signInLanes } from "../../src/lookup/sign-ins/lanes.ts";
import { renderPng } from "../../src/pictures/png.ts";
import { describeSignIns, drawSignIns } from "../../src/pictures/sign-ins.ts";
import { HOUR, NOW } from "../views/support.ts";

const BRAZIL = "203.0.113.199";
const HOME = "81.2.69.142";

function signIn(hoursAgo: number, ip: string | null, allowed: boolean | null): AccessRequest {
  return {
    action: "login",
    allowed,
    appDomain: null,
    appUid: null,
    connection: null,
    at: NOW - hoursAgo * HOUR,
    ip,
    rayId: null,
    email: "mallory@example.com",
  };
}

const PLACES = [
  { ip: BRAZIL, country: "BR" },
  { ip: HOME, country: "GB" },
];

const TAKEOVER = signInLanes(
  [
    signIn(20, HOME, true),
    ...Array.from({ length: 17 }, (_, index) => signIn(5 - index / 20, BRAZIL, false)),
    signIn(3, BRAZIL, true),
    signIn(2, null, null),
  ],
  { places: PLACES, revokedAt: [NOW - HOUR], now: NOW },
);

describe("the lanes of a picture", () => {
  it("has one for each address, the newest first, with its country where that is known", () => {
    expect(TAKEOVER.lanes.map(({ ip, country }) => [ip, country])).toEqual([
      [null, null],
      [BRAZIL, "BR"],
      [HOME, "GB"],
    ]);
  });

  it("leaves out what is older than a day or has no time, and counts what finds no lane", () => {
    const many = Array.from({ length: 11 }, (_, index) => signIn(index + 1, `192.0.2.${index}`, true));
    const undated = { ...signIn(1, HOME, true), at: null };
    const lanes = signInLanes([...many, signIn(25, HOME, true), undated], {
      places: [],
      revokedAt: [NOW - 30 * HOUR],
      now: NOW,
    });
    expect(lanes.lanes).toHaveLength(8);
    expect(lanes.others).toEqual({ places: 3, signIns: 3 });
    expect(lanes.undated).toBe(1);
    expect(lanes.revokedAt).toEqual([]);
    expect(describeSignIns(lanes)).toContain("And 3 sign-ins from 3 other addresses.");
  });
});

describe("the picture of sign-ins", () => {
  const shapes = drawSignIns(TAKEOVER)?.shapes ?? [];

  it("tells denied from allowed by shape, by color and by height", () => {
    const marks = shapes.filter((shape) => shape.kind === "cross" || shape.kind === "dot");
    const looks = (kind: string) => new Set(marks.flatMap((one) => (one.kind === kind ? one.color : [])));
    expect(looks("cross").size).toBe(1);
    expect(looks("dot").size).toBe(1);
    expect(looks("cross")).not.toEqual(looks("dot"));
    const [counts] = shapes.filter((shape) => shape.kind === "text" && shape.text === "17");
    expect(counts).toBeDefined();
  });

  it("marks where access was revoked", () => {
    expect(shapes.filter((shape) => shape.kind === "text" && shape.text === "revoked")).toHaveLength(1);
  });

  it("stays within the width of a phone, however many lanes there are", () => {
    const many = Array.from({ length: 40 }, (_, index) =>
      signIn(index / 2, `2001:db8::${index}`, index % 2 === 0),
    );
    const data = signInLanes(many, { places: [], revokedAt: [NOW, NOW - 24 * HOUR], now: NOW });
    const drawing = drawSignIns(data);
    expect(drawing?.width).toBeLessThanOrEqual(360);
    for (const shape of drawing?.shapes ?? []) {
      const [from, to] = shape.kind === "line" ? [shape.x1, shape.x2] : [shape.x, shape.x];
      expect(Math.min(from, to)).toBeGreaterThanOrEqual(0);
      expect(Math.max(from, to)).toBeLessThanOrEqual(360);
    }
  });

  it("says the same in words", () => {
    expect(describeSignIns(TAKEOVER)).toBe(
      "Sign-ins in the last 24 hours. Access revoked 60 min ago. " +
        "Unknown country, unknown address: 1 with an unknown result, 2 h ago. " +
        "BR, 203.0.113.199: 17 denied and 1 allowed, from 5 h ago to 3 h ago. " +
        "GB, 81.2.69.142: 1 allowed, 20 h ago.",
    );
  });

  it("is a PNG of twice its size, for sharp screens", async () => {
    const drawing = drawSignIns(TAKEOVER);
    if (drawing === null) throw new Error("nothing was drawn");
    const image = await loadImage(await renderPng(drawing));
    expect([image.width, image.height]).toEqual([2 * drawing.width, 2 * drawing.height]);
  });

  it("is not drawn without a sign-in", () => {
    expect(drawSignIns(signInLanes([], { places: PLACES, revokedAt: [NOW], now: NOW }))).toBeNull();
  });
});
