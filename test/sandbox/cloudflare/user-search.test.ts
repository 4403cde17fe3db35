import { expect, test } from "vitest";

import { ask, start } from "./support.ts";

/** The emails that `users?search=` finds. */
async function search(cloudflare: Awaited<ReturnType<typeof start>>, text: string): Promise<unknown[]> {
  const reply = await ask(cloudflare, `/access/users?${new URLSearchParams({ search: text }).toString()}`);
  return reply.body.result.map((user) => user["email"]);
}

const MALLORY = ["mallory@example.com"];

test("a search finds parts of names and emails, as the API document's words allow", async () => {
  const cloudflare = await start();
  for (const text of ["mallory", "MALLORY", "llory@", "Mallory Arch", "archer"])
    expect(await search(cloudflare, text), text).toEqual(MALLORY);
  expect(await search(cloudflare, "archer mallory")).toEqual([]);
  expect(await search(cloudflare, "com\nmallory")).toEqual([]);
});

test("a search can be told to find beginnings of words only, and to tell capitals apart", async () => {
  const cloudflare = await start();
  cloudflare.settings.unknowns.userSearch = "beginning";
  expect(await search(cloudflare, "llory")).toEqual([]);
  expect(await search(cloudflare, "arch")).toEqual(MALLORY);
  cloudflare.settings.unknowns.userSearchFoldsCase = false;
  expect(await search(cloudflare, "arch")).toEqual([]);
  expect(await search(cloudflare, "Arch")).toEqual(MALLORY);
});
