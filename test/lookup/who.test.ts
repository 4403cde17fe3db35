import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { AccessUser, Cloudflare } from "../../src/api/cloudflare.ts";
import { NetworkError, NotFoundError } from "../../src/api/errors.ts";
import { UserError, type UserMessage } from "../../src/errors.ts";
import { findUser, getUser, parseWho } from "../../src/lookup/who.ts";
import type { Directory, Person } from "../../src/slack/directory.ts";
import { makeUser, USER_ID } from "../views/support.ts";

const EMAIL = { kind: "email", email: "mallory@example.com" } as const;

describe("<who>", () => {
  it.each([
    ["mallory@example.com", EMAIL],
    ["  mallory@example.com ", EMAIL],
    ["<mailto:mallory@example.com|mallory@example.com>", EMAIL],
    ["<mailto:mallory@example.com|Mallory Quill>", EMAIL],
    ["<MAILTO:mallory@example.com>", EMAIL],
    ["Mallory+vpn@Mail.Example.com", { kind: "email", email: "Mallory+vpn@Mail.Example.com" }],
    ["o'brien@example.com", { kind: "email", email: "o'brien@example.com" }],
    ["o’brien@example.com", { kind: "email", email: "o'brien@example.com" }],
    [USER_ID, { kind: "id", id: USER_ID }],
    [USER_ID.toUpperCase(), { kind: "id", id: USER_ID }],
    ["<@U012AB3CD>", { kind: "mention", userId: "U012AB3CD" }],
    ["<@W012AB3CD|mallory.quill>", { kind: "mention", userId: "W012AB3CD" }],
  ])("%s is understood", (word, who) => {
    expect(parseWho(word)).toEqual(who);
  });

  it.each([
    "",
    " ",
    "mallory",
    "@mallory",
    "mallory@",
    "@example.com",
    "mallory@example",
    "mallory@@example.com",
    "mallory@example.com,",
    "mallory @example.com",
    "a@b@example.com",
    `${"x".repeat(250)}@example.com`,
    "f174e90a-fafe-4643-bbbc",
    "f174e90afafe4643bbbc4a0ed4fc8415",
    "<@u012ab3cd>",
    "<@U012AB3CD",
    "<#C012AB3CD|general>",
    "<!channel>",
    "<!subteam^S012AB3CD>",
    "<https://example.com|mallory@example.com>",
    "<mailto:mallory|mallory@example.com>",
    "../../users",
  ])("“%s” is nobody", (word) => {
    expect(parseWho(word)).toBeNull();
  });

  it("is what a mail link leads to, not what it says it is", () => {
    expect(parseWho("<mailto:mallory@example.com|alice@example.com>")).toEqual(EMAIL);
  });

  it("is one of the three or null, whatever is typed; an id is safe in a path", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const who = parseWho(text);
        expect(["email", "id", "mention", undefined]).toContain(who?.kind);
        expect(who?.kind === "id" ? who.id : USER_ID).toMatch(/^[0-9a-f-]{36}$/);
      }),
    );
  });
});

const PERSON: Person = {
  id: "U012AB3CD",
  teamId: "T0HOME",
  name: "Mallory",
  email: "mallory@example.com",
  isBot: false,
  isDeactivated: false,
  isGuest: false,
  isStranger: false,
};

/** A Cloudflare with these users, which remembers what it was asked. */
function makeWorld(users: AccessUser[], person: Person | null = PERSON) {
  const asked: string[] = [];
  const cloudflare = {
    accessUsers: {
      findByEmail(email: string) {
        asked.push(email);
        return Promise.resolve(users);
      },
      get(id: string) {
        asked.push(id);
        const user = users.find((one) => one.id === id);
        if (user !== undefined) return Promise.resolve(user);
        return Promise.reject(new NotFoundError({ call: "get user", applied: "no", codes: [12135] }));
      },
    },
  } as unknown as Cloudflare;
  const directory = { person: () => Promise.resolve(person) } as unknown as Directory;
  return { cloudflare, directory, asked };
}

async function refusalOf(promise: Promise<unknown>): Promise<UserMessage> {
  const error: unknown = await promise.then(
    () => new Error("expected a refusal"),
    (reason: unknown) => reason,
  );
  if (error instanceof UserError) return error.detail;
  throw error;
}

describe("the user meant", () => {
  const mention = { kind: "mention", userId: "U012AB3CD" } as const;

  it("is found by email, by id and by mention", async () => {
    const mallory = makeUser();
    const { cloudflare, directory, asked } = makeWorld([mallory]);
    for (const who of [EMAIL, { kind: "id", id: USER_ID } as const, mention])
      expect(await findUser(cloudflare, directory, who)).toBe(mallory);
    expect(asked).toEqual(["mallory@example.com", USER_ID, "mallory@example.com"]);
  });

  it("may not be there, which may mean several things", async () => {
    const { cloudflare, directory } = makeWorld([]);
    expect(await refusalOf(findUser(cloudflare, directory, EMAIL))).toEqual({
      what: "No Access user has the email mallory@example.com.",
      why: "They have never signed in to Access or WARP in this account, or were removed. Or the API token lacks “Access: Audit Logs Read”.",
      next: "Check the spelling. /zt users searches by name.",
    });
    expect(await refusalOf(getUser(cloudflare, USER_ID))).toEqual({
      what: `No Access user has the id ${USER_ID}.`,
      why: "It may be the id of something else (a device, a seat, an identity), or the user was removed.",
      next: "Try the email address.",
    });
  });

  it("may be one of several: nobody is chosen, their ids are named, five at most", async () => {
    const two = makeWorld([makeUser({ id: "one" }), makeUser({ id: "two" })]);
    expect(await refusalOf(findUser(two.cloudflare, two.directory, EMAIL))).toEqual({
      what: "2 Access users have the email mallory@example.com.",
      why: "Their ids: one, two.",
      next: "Use the id of the one you mean.",
    });
    const many = makeWorld(Array.from({ length: 9 }, (_, index) => makeUser({ id: `u${index}` })));
    expect((await refusalOf(findUser(many.cloudflare, many.directory, EMAIL))).why).toBe(
      "Their ids: u0, u1, u2, u3, u4 ….",
    );
  });

  it.each<[string, Person | null, string]>([
    ["somebody Slack does not know", null, "Slack does not know that person."],
    [
      "somebody whose address Slack does not show",
      { ...PERSON, email: null },
      "Slack does not show their email address: they may be a guest, a bot or from another organization.",
    ],
  ])("cannot be told from a mention of %s", async (_who, person, why) => {
    const { cloudflare, directory, asked } = makeWorld([makeUser()], person);
    expect(await refusalOf(findUser(cloudflare, directory, mention))).toEqual({
      what: "That mention can't be looked up.",
      why,
      next: "Use their email address instead.",
    });
    expect(asked).toEqual([]);
  });

  it("is not said to be missing when Cloudflare could not be asked", async () => {
    const failure = new NetworkError({ call: "get user", applied: "no", code: "ECONNRESET" });
    const cloudflare = { accessUsers: { get: () => Promise.reject(failure) } } as unknown as Cloudflare;
    await expect(getUser(cloudflare, USER_ID)).rejects.toBe(failure);
  });
});
