import { expect, it } from "vitest";

import { compareMigrations } from "../../src/store/migrations-made.ts";
import { listMigrations } from "../../src/store/open.ts";

const OURS = ["0001-requests", "0002-targets", "0004-chain"];

it.each([
  { made: [], missing: OURS, unknown: [], isTooNew: false },
  { made: OURS, missing: [], unknown: [], isTooNew: false },
  { made: ["0001-requests"], missing: ["0002-targets", "0004-chain"], unknown: [], isTooNew: false },
  // Newer ones only add.
  { made: [...OURS, "0005-more", "0006-more"], unknown: ["0005-more", "0006-more"], isTooNew: false },
  // What they take away this version had done without by then, or had not.
  { made: [...OURS, "0005-less.needs-0004"], unknown: ["0005-less.needs-0004"], isTooNew: false },
  { made: [...OURS, "0005-more", "0006-less.needs-0005"], isTooNew: true },
  // Of another branch, and of no zt-bot.
  { made: [...OURS, "0003-elsewhere"], unknown: ["0003-elsewhere"], isTooNew: true },
  { made: [...OURS, "other"], unknown: ["other"], isTooNew: true },
  // Ours could not be made any more.
  { made: ["0001-requests", "0002-targets", "0005-more"], missing: ["0004-chain"], isTooNew: true },
])("tables with $made are read as they are", ({ made, ...expected }) => {
  expect(compareMigrations(made, OURS)).toMatchObject(expected);
});

it.each(["sqlite", "postgres"] as const)("the migrations of %s are numbered in their order", (dialect) => {
  const names = listMigrations(dialect);
  expect(names.filter((name) => !/^\d{4}-[a-z-]+(\.needs-\d{4})?$/.test(name))).toEqual([]);
  expect(names.toSorted()).toEqual(names);
});
