import { describe, expect, it } from "vitest";

import type { AccessUser, Cloudflare } from "../../src/api/cloudflare.ts";
import { NetworkError } from "../../src/api/errors.ts";
import { choiceInstead, findByName, findSimilar } from "../../src/lookup/candidates.ts";
import { SharedEmailError, UnknownEmailError } from "../../src/lookup/who.ts";
import { makeUser, NOW } from "../views/support.ts";

const FAILURE = new NetworkError({ call: "list users", applied: "no", code: "ECONNRESET" });

const person = (email: string, name = "", lastLoginAt: number | null = null): AccessUser =>
  makeUser({ id: `id of ${email}`, email, name, lastLoginAt });

/** A Cloudflare that finds any part of a name or an email, and fails for some searches. */
function makeCloudflare(users: AccessUser[], fails: (search: string) => boolean = () => false) {
  const searched: string[] = [];
  const list = ({ search = "", perPage = 25 }: { search?: string; perPage?: number }) => {
    searched.push(search);
    if (fails(search)) return Promise.reject(FAILURE);
    const found = users.filter(({ name, email }) => `${name}\n${email}`.toLowerCase().includes(search));
    return Promise.resolve({
      items: found.slice(0, perPage),
      page: 1,
      perPage,
      totalCount: null,
      totalPages: null,
    });
  };
  return { cloudflare: { accessUsers: { list } } as unknown as Cloudflare, searched };
}

const emails = (users: readonly AccessUser[]): string[] => users.map(({ email }) => email);

describe("users by name", () => {
  it("come with the exact word first, then those that begin with it, and of each the latest sign-in first", async () => {
    const { cloudflare, searched } = makeCloudflare([
      person("joanna@example.com"),
      person("banns@example.com", "", NOW),
      person("ann.old@example.com", "", NOW - 1000),
      person("ann@example.com", "", NOW),
      person("annika@example.com"),
    ]);
    const found = await findByName(cloudflare, "ann");
    expect(emails(found.users)).toEqual([
      "ann@example.com",
      "ann.old@example.com",
      "annika@example.com",
      "banns@example.com",
      "joanna@example.com",
    ]);
    expect(found).toMatchObject({ isMatch: true, isCut: false, isPartial: false });
    expect(searched).toEqual(["ann"]);
  });

  it("are found without accents, and by a longer word where the order of words differs", async () => {
    const { cloudflare } = makeCloudflare([person("jd@example.com", "Jürgen Doe")]);
    expect(emails((await findByName(cloudflare, "doe jurgen")).users)).toEqual(["jd@example.com"]);
  });

  it("are not taken from an answer that does not hold what was typed", async () => {
    const everyone = { list: () => Promise.resolve({ items: [person("bob@example.com")], perPage: 100 }) };
    const cloudflare = { accessUsers: everyone } as unknown as Cloudflare;
    expect((await findByName(cloudflare, "mallory")).users).toEqual([]);
  });

  it("are unknown, not none, where the search failed", async () => {
    const { cloudflare } = makeCloudflare([], () => true);
    await expect(findByName(cloudflare, "mallory")).rejects.toBe(FAILURE);
  });
});

describe("similar emails", () => {
  const mallory = person("mallory@example.com");

  it("are looked for in three searches at most, and never by reading the whole list", async () => {
    const { cloudflare, searched } = makeCloudflare([mallory]);
    expect(emails((await findSimilar(cloudflare, "malory@example.com")).users)).toEqual([mallory.email]);
    expect(searched).toEqual(["mal", "ry@", "malory@"]);
  });

  it("leave out people who only share a piece", async () => {
    const { cloudflare } = makeCloudflare([person("malcolm@example.com"), person("gregory@example.com")]);
    expect((await findSimilar(cloudflare, "malory@example.com")).users).toEqual([]);
  });

  it("are offered with what failed, and the error says so where no one was found", async () => {
    const half = makeCloudflare([mallory], (search) => search === "mal");
    const error = new UnknownEmailError("malory@example.com");
    expect(await choiceInstead(half.cloudflare, error)).toMatchObject({
      kind: "misspelt",
      users: [mallory],
      isPartial: true,
    });
    const down = makeCloudflare([mallory], () => true);
    await expect(choiceInstead(down.cloudflare, error)).rejects.toMatchObject({
      detail: {
        next: expect.stringContaining(
          "similar addresses are unknown, as Cloudflare did not answer",
        ) as string,
      },
    });
    const none = makeCloudflare([]);
    await expect(choiceInstead(none.cloudflare, error)).rejects.toBe(error);
  });

  it("are not looked for in place of another error; users who share an email are asked for nothing more", async () => {
    const { cloudflare, searched } = makeCloudflare([mallory]);
    await expect(choiceInstead(cloudflare, FAILURE)).rejects.toBe(FAILURE);
    const twins = [person("m@example.com"), person("M@example.com", "", NOW)];
    const choice = await choiceInstead(cloudflare, new SharedEmailError("m@example.com", twins));
    expect(emails(choice.users)).toEqual(["M@example.com", "m@example.com"]);
    expect(searched).toEqual([]);
  });
});
