import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { pageOf } from "../../../src/views/list.ts";
import { packParams, parseScreenAction, unpackParams } from "../../../src/views/screen-button.ts";
import { sessionsMessage } from "../../../src/views/look-ups/sessions.ts";
import { readWords } from "../../support/words.ts";
import { HOUR, makeSession, makeUser, NOW, USER_ID } from "../support.ts";

const sessions = Array.from({ length: 45 }, (_, index) =>
  makeSession({
    nonce: String(index),
    expiresAt: NOW + (45 - index) * HOUR,
    apps: [{ uid: `a${index}`, name: `App ${index}`, hostname: null, type: null }],
  }),
);

function show(page?: number, list = sessions) {
  const message = sessionsMessage(makeUser(), list, { now: NOW, ...(page === undefined ? {} : { page }) });
  const buttons = message.blocks.flatMap((block) =>
    block.type === "actions" ? block.elements.flatMap((one) => (one.type === "button" ? [one] : [])) : [],
  );
  return { words: readWords(message), buttons };
}

describe("all sessions of a user", () => {
  it("come in pages, soonest to end first, every one on exactly one page", () => {
    const seen: string[] = [];
    let page: number | undefined = 1;
    while (page !== undefined) {
      const { words, buttons } = show(page);
      seen.push(...(words.match(/App \d+/g) ?? []));
      const next = buttons.find((button) => button.text.text.startsWith("Next"));
      page = next === undefined ? undefined : Number(unpackParams(next.value ?? "")["page"]);
    }
    expect(seen).toEqual(Array.from({ length: 45 }, (_, index) => `App ${44 - index}`));
  });

  it("say how many there are and which are shown", () => {
    expect(show().words).toContain("45 active sessions on 45 apps");
    expect(show().words).toMatch(/1–\d+ of 45/);
  });

  it("carry the user's id and the page in their buttons, nothing else", () => {
    const { buttons } = show(2);
    expect(buttons.map(({ value }) => unpackParams(value ?? ""))).toEqual([
      { user: USER_ID, page: "1" },
      { user: USER_ID, page: "3" },
      { user: USER_ID },
    ]);
    expect(buttons.map(({ action_id: action }) => parseScreenAction(action ?? ""))).toEqual([
      { screen: "sessions", inPlace: true },
      { screen: "sessions", inPlace: true },
      { screen: "user", inPlace: false },
    ]);
  });

  it("are said to be none where there are none, with where to look next", () => {
    const { words, buttons } = show(1, []);
    expect(words).toContain("mallory@example.com has no active session");
    expect(words).toContain("→ /zt identity mallory@example.com");
    expect(buttons.map(({ text }) => text.text)).toEqual(["Summary"]);
  });
});

describe("a page", () => {
  it("is the nearest there is, whatever was asked for, and never holds more than its size", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(), { maxLength: 60 }),
        fc.double(),
        fc.integer({ min: 1, max: 20 }),
        (items, page, size) => {
          const shown = pageOf(items, page, size);
          expect(shown.items.length).toBeLessThanOrEqual(size);
          const start = (shown.page - 1) * size;
          expect(shown.items).toEqual(items.slice(start, start + size));
          expect(shown.page).toBeGreaterThanOrEqual(1);
          expect(shown.hasNext).toBe(start + size < items.length);
          expect(shown.items.length > 0).toBe(items.length > 0);
        },
      ),
    );
  });
});

describe("what a button carries", () => {
  it("comes back as it was, whatever it is", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.string()), (params) => {
        expect(unpackParams(packParams(params))).toEqual({ ...params });
      }),
    );
  });
});
