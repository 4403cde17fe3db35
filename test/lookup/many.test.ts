import { describe, expect, it } from "vitest";

import type { AccessUser, Cloudflare } from "../../src/api/cloudflare.ts";
import { NotFoundError } from "../../src/api/errors.ts";
import { findMany } from "../../src/lookup/many.ts";
import type { Who } from "../../src/lookup/who.ts";
import type { Directory } from "../../src/slack/directory.ts";
import { makeUser } from "../views/support.ts";

const email = (index: number) => `user-${index}@example.com`;

/** An account of these users: how it was asked, and by which priority, is counted. */
function makeAccount(users: readonly AccessUser[], totalPages = 1, totalCount: number | null = null) {
  const asked = { list: 0, byEmail: 0, byId: 0 };
  const accessUsers = {
    list: () => {
      asked.list += 1;
      return Promise.resolve({
        items: totalPages === 1 ? users : users.slice(0, 10),
        totalPages,
        totalCount,
      });
    },
    findByEmail: (wanted: string) => {
      asked.byEmail += 1;
      return Promise.resolve(users.filter((user) => user.email.toLowerCase() === wanted.toLowerCase()));
    },
    get: (id: string) => {
      asked.byId += 1;
      const user = users.find((one) => one.id === id);
      return user === undefined
        ? Promise.reject(new NotFoundError({ call: "get user", applied: "no", codes: [] }))
        : Promise.resolve(user);
    },
  };
  // Only what goes through `bulk` is there: a lookup of many must not take people's calls.
  const cloudflare = { bulk: { accessUsers } } as unknown as Cloudflare;
  const directory = {
    person: (id: string) => Promise.resolve(id === "U1" ? { email: email(1) } : null),
  } as unknown as Directory;
  return {
    asked,
    find: (whos: readonly Who[], tell?: (done: number) => void) =>
      findMany(cloudflare, directory, whos, tell),
  };
}

const users = Array.from({ length: 60 }, (_, index) =>
  makeUser({ id: `f174e90a-0000-4000-8000-${String(index).padStart(12, "0")}`, email: email(index) }),
);
const byEmail = (count: number): Who[] =>
  Array.from({ length: count }, (_, index) => ({ kind: "email", email: email(index) }));

describe("a lookup of many users", () => {
  it("finds them in the order in which they were named, each once, however they were", async () => {
    const { find } = makeAccount(users);
    const found = await find([
      { kind: "email", email: email(3).toUpperCase() },
      { kind: "id", id: users[2]?.id ?? "" },
      { kind: "mention", userId: "U1" },
      { kind: "email", email: email(2) },
    ]);
    expect(found.users.map((user) => user.email)).toEqual([email(3), email(2), email(1)]);
    expect(found).toMatchObject({ unknown: [], ambiguous: [] });
  });

  it("names those whom nobody knows, and those who are several", async () => {
    const twin = makeUser({ id: "twin", email: email(4).toUpperCase() });
    const nameless = makeUser({ id: "nameless", email: "" });
    const { find } = makeAccount([...users, twin, nameless]);
    const found = await find([
      { kind: "email", email: "nobody@example.com" },
      { kind: "id", id: "f174e90a-fafe-4643-bbbc-4a0ed4fc8415" },
      { kind: "mention", userId: "U2" },
      { kind: "id", id: "nameless" },
      { kind: "email", email: email(4) },
    ]);
    expect(found.users).toEqual([]);
    expect(found.unknown).toEqual([
      "nobody@example.com",
      "f174e90a-fafe-4643-bbbc-4a0ed4fc8415",
      "<@U2>",
      "nameless",
    ]);
    expect(found.ambiguous).toEqual([{ email: email(4), ids: [users[4]?.id, "twin"] }]);
  });

  it("reads the whole list of a small account instead of asking for each", async () => {
    const { find, asked } = makeAccount(users);
    const found = await find([...byEmail(50), { kind: "email", email: "new@example.com" }]);
    expect(found.users).toHaveLength(50);
    expect(found.unknown).toEqual(["new@example.com"]);
    // Whoever is not in the list is asked for: the list may have been cut short.
    expect(asked).toEqual({ list: 1, byEmail: 1, byId: 0 });
  });

  it("asks for each where the list is shorter than it says: the address may be another user's too", async () => {
    const { find, asked } = makeAccount(users, 1, 80);
    await find(byEmail(50));
    expect(asked).toEqual({ list: 1, byEmail: 50, byId: 0 });
  });

  it("asks for each where the account is large, and says how far it is", async () => {
    const { find, asked } = makeAccount(users, 100);
    const told: number[] = [];
    const found = await find(byEmail(50), (done) => told.push(done));
    expect(found.users).toHaveLength(50);
    expect(asked).toEqual({ list: 1, byEmail: 50, byId: 0 });
    expect(told).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  });

  it("fails as a whole when Cloudflare does not answer: an unanswered name is not an unknown one", async () => {
    const { find } = makeAccount(users);
    const failing = {
      bulk: { accessUsers: { findByEmail: () => Promise.reject(new Error("down")) } },
    } as unknown as Cloudflare;
    await expect(findMany(failing, {} as Directory, byEmail(2))).rejects.toThrow("down");
    await expect(find(byEmail(2))).resolves.toMatchObject({ unknown: [] });
  });
});
