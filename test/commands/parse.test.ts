import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { ArgSpecs } from "../../src/commands/args.ts";
import type { Command } from "../../src/commands/define.ts";
import { createCommands } from "../../src/commands/index.ts";
import { user } from "../../src/commands/look-ups/user.ts";
import { parseArgs, splitWords, suggest, unescapeSlack } from "../../src/commands/parse.ts";
import { pauseCommand } from "../../src/commands/requests/pause.ts";
import { UserError, type UserMessage } from "../../src/errors.ts";

const MALLORY = { kind: "email", email: "mallory@example.com" };
const ID = "f174e90a-fafe-4643-bbbc-4a0ed4fc8415";

function commandOf<Specs extends ArgSpecs>(name: string): Command<Specs> {
  return createCommands().find(name) as unknown as Command<Specs>;
}
const revoke = commandOf<{
  who: { kind: "whos"; summary: string };
  devices: { kind: "switch"; summary: string };
  block: { kind: "switch"; summary: string };
  warpReauth: { kind: "switch"; summary: string };
  reason: { kind: "text"; summary: string };
}>("revoke");
const resetRisk = commandOf("reset-risk");

/** What `/zt revoke …` is read as; fails where it holds a name. */
function readRevoke(text: string) {
  const parsed = parseArgs(revoke, splitWords(text));
  if (parsed.name !== null) throw new Error(`read as a name: ${parsed.name}`);
  return parsed.args;
}

/** What a person is told; fails when the text is taken. */
function refusalOf(read: () => unknown): UserMessage {
  const { error } = attempt(read);
  if (error instanceof UserError) return error.detail;
  throw error ?? new Error("expected a refusal");
}

function attempt(read: () => unknown): { error?: unknown } {
  try {
    read();
    return {};
  } catch (error) {
    return { error };
  }
}

/** As Slack sends what somebody typed: only these three are escaped. */
function asSlackSends(typed: string): string {
  return typed.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

describe("what is typed after /zt revoke", () => {
  it.each([
    ["nothing at all", "", {}],
    ["only spaces", "  \t\n ", {}],
    ["an email", "mallory@example.com", { who: [MALLORY] }],
    ["an email as Slack links it", "<mailto:mallory@example.com|mallory@example.com>", { who: [MALLORY] }],
    ["an email linked without a label", "<mailto:mallory@example.com>", { who: [MALLORY] }],
    ["an email in quotes", '"mallory@example.com"', { who: [MALLORY] }],
    [
      "an email with a tag, kept as typed",
      "Mallory+vpn@Example.com",
      { who: [{ kind: "email", email: "Mallory+vpn@Example.com" }] },
    ],
    [
      "an email with an apostrophe",
      "miles.o'brien@example.com",
      { who: [{ kind: "email", email: "miles.o'brien@example.com" }] },
    ],
    [
      "an email with the apostrophe of a phone",
      "miles.o’brien@example.com",
      { who: [{ kind: "email", email: "miles.o'brien@example.com" }] },
    ],
    ["a UUID", ID, { who: [{ kind: "id", id: ID }] }],
    ["a UUID in capitals", ID.toUpperCase(), { who: [{ kind: "id", id: ID }] }],
    ["a mention", "<@U012AB3CD|mallory>", { who: [{ kind: "mention", userId: "U012AB3CD" }] }],
    ["a mention without a label", "<@W012AB3CD>", { who: [{ kind: "mention", userId: "W012AB3CD" }] }],
    ["several users", `mallory@example.com ${ID}`, { who: [MALLORY, { kind: "id", id: ID }] }],
    ["several users with commas", `mallory@example.com,${ID}, `, { who: [MALLORY, { kind: "id", id: ID }] }],
    [
      "several users around a flag",
      `mallory@example.com --devices ${ID}`,
      { who: [MALLORY, { kind: "id", id: ID }], devices: true },
    ],
    ["a switch", "mallory@example.com --devices", { who: [MALLORY], devices: true }],
    ["a switch before the user", "--devices mallory@example.com", { who: [MALLORY], devices: true }],
    ["a switch in capitals", "mallory@example.com --Devices", { who: [MALLORY], devices: true }],
    ["a switch of two words", "mallory@example.com --warp-reauth", { who: [MALLORY], warpReauth: true }],
    ["a switch given twice", "mallory@example.com --devices --devices", { who: [MALLORY], devices: true }],
    [
      "the long dashes a phone makes of two hyphens",
      "mallory@example.com —devices –warp-reauth",
      { who: [MALLORY], devices: true, warpReauth: true },
    ],
    [
      "a long dash and a hyphen, as some keyboards leave it",
      "mallory@example.com —-devices",
      { who: [MALLORY], devices: true },
    ],
    [
      "a reason in quotes",
      'mallory@example.com --reason "laptop stolen"',
      { who: [MALLORY], reason: "laptop stolen" },
    ],
    [
      "a reason in smart quotes",
      "mallory@example.com —reason “laptop stolen”",
      { who: [MALLORY], reason: "laptop stolen" },
    ],
    [
      "a reason in German quotes",
      "mallory@example.com --reason „laptop stolen“",
      { who: [MALLORY], reason: "laptop stolen" },
    ],
    [
      "a reason in single quotes",
      "mallory@example.com --reason 'laptop stolen'",
      { who: [MALLORY], reason: "laptop stolen" },
    ],
    [
      "a reason in single smart quotes, with an apostrophe in it",
      "mallory@example.com --reason ‘it isn’t hers’ --devices",
      { who: [MALLORY], reason: "it isn’t hers", devices: true },
    ],
    [
      "a reason without quotes",
      "mallory@example.com --reason laptop stolen in Porto",
      { who: [MALLORY], reason: "laptop stolen in Porto" },
    ],
    [
      "a reason without quotes, then a switch",
      "mallory@example.com --reason laptop stolen --devices",
      { who: [MALLORY], reason: "laptop stolen", devices: true },
    ],
    [
      "apostrophes",
      "mallory@example.com --reason don't know whose it's",
      { who: [MALLORY], reason: "don't know whose it's" },
    ],
    [
      "the apostrophe of a plural: it opens no quote that would swallow the switch",
      "mallory@example.com --reason the users' laptops --devices",
      { who: [MALLORY], reason: "the users' laptops", devices: true },
    ],
    [
      "a quote that is never closed: it swallows no switch either",
      'mallory@example.com --reason "laptop stolen --devices',
      { who: [MALLORY], reason: '"laptop stolen', devices: true },
    ],
    [
      "inches",
      'mallory@example.com --reason her 13" laptop --devices',
      { who: [MALLORY], reason: 'her 13" laptop', devices: true },
    ],
    [
      "dashes between words",
      "mallory@example.com --reason stolen — see ticket -- today - maybe",
      { who: [MALLORY], reason: "stolen — see ticket -- today - maybe" },
    ],
    [
      "a long dash that sticks to a word and names no flag",
      "mallory@example.com --reason stolen —perhaps yesterday",
      { who: [MALLORY], reason: "stolen —perhaps yesterday" },
    ],
    ["--reason=…", "mallory@example.com --reason=stolen laptop", { who: [MALLORY], reason: "stolen laptop" }],
    [
      '--reason="…"',
      'mallory@example.com --reason="laptop stolen" --devices',
      { who: [MALLORY], reason: "laptop stolen", devices: true },
    ],
    [
      "--reason=“…” in smart quotes",
      "mallory@example.com —reason=“laptop stolen”",
      { who: [MALLORY], reason: "laptop stolen" },
    ],
    [
      "an equals sign inside a reason",
      "mallory@example.com --reason a=b --devices",
      { who: [MALLORY], reason: "a=b", devices: true },
    ],
    [
      "Slack's markup in a reason, as a person reads it",
      "mallory@example.com --reason see <#C012|sec-42> by <@U012|ann> &amp; <https://example.com/a|example.com/a>",
      { who: [MALLORY], reason: "see #sec-42 by @ann & example.com/a" },
    ],
    [
      "a channel that Slack does not name",
      "mallory@example.com --reason see <#C012AB3CD|>",
      { who: [MALLORY], reason: "see #C012AB3CD" },
    ],
    [
      "an escaped escape, undone once",
      "mallory@example.com --reason &amp;lt;b&amp;gt;",
      { who: [MALLORY], reason: "&lt;b&gt;" },
    ],
    ["a reason alone", "--reason laptop stolen", { reason: "laptop stolen" }],
    [
      "lines and tabs, as from a paste",
      "mallory@example.com\n--reason\tlaptop\nstolen",
      { who: [MALLORY], reason: "laptop stolen" },
    ],
  ])("takes %s", (_what, text, expected) => {
    expect(readRevoke(text)).toEqual({
      who: [],
      devices: false,
      block: false,
      warpReauth: false,
      ...expected,
    });
  });

  const USAGE =
    'Usage: /zt revoke [<who>…] [--devices] [--block] [--for time] [--warp-reauth] [--reason "…"]';

  it.each([
    ["an unknown flag", "mallory@example.com --ban", "revoke has no flag --ban."],
    [
      "a mistyped flag, and names the one meant",
      "mallory@example.com --device",
      "revoke has no flag --device. Did you mean --devices?",
    ],
    [
      "a mistyped flag inside a reason",
      "mallory@example.com --reason stolen --warp-reaut",
      "revoke has no flag --warp-reaut. Did you mean --warp-reauth?",
    ],
    [
      "a mistyped flag with the long dash of a phone",
      "mallory@example.com --reason stolen —devics",
      "revoke has no flag --devics. Did you mean --devices?",
    ],
    [
      "a flag with one hyphen",
      "mallory@example.com -devices",
      "revoke has no flag -devices. Did you mean --devices?",
    ],
    [
      "a flag with one hyphen inside a reason, where it would count for nothing",
      "mallory@example.com --reason stolen -devices",
      "revoke has no flag -devices. Did you mean --devices?",
    ],
    [
      "an unknown flag that holds markup",
      "mallory@example.com --<!channel>",
      "revoke has no flag --!channel.",
    ],
    [
      "a flag that two stray apostrophes would else hide",
      "mallory@example.com --reason 'twas odd --devices'",
      "revoke has no flag --devices'. Did you mean --devices?",
    ],
    ["two bare hyphens", "mallory@example.com --", "revoke has no flag --."],
    [
      "an extra word",
      "mallory@example.com laptop stolen",
      '"laptop" is one word too many. The reason comes after --reason.',
    ],
    ["a second address that is none", "mallory@example.com ann@", 'Can\'t read "ann@" as an email address.'],
    [
      "a value for a switch",
      "mallory@example.com --devices=yes",
      '--devices stands alone: leave out "=yes".',
    ],
    ["a reason without words", "mallory@example.com --reason", "--reason needs some words after it."],
    ["an empty reason", 'mallory@example.com --reason ""', "--reason needs some words after it."],
    ["an empty --reason=", "mallory@example.com --reason= --devices", "--reason needs some words after it."],
    [
      "a second reason, rather than losing the first",
      "mallory@example.com --reason stolen --devices --reason lost",
      "--reason is given twice.",
    ],
    ["a user group", "<!subteam^S012AB3CD|@leads>", '"@leads" is not a person.'],
    ["a channel", "<#C012AB3CD|general>", '"#general" is not a person.'],
    ["one letter", "m", 'Can\'t search for "m": type at least two letters of the name or email.'],
    [
      "a name beside an address",
      "mallory alice@example.com",
      "Can't search for a name beside alice@example.com: several people need an email each.",
    ],
    ["several names", "mallory,alice", `Can't read "mallory" as ${revoke.args.who.summary}.`],
  ])("refuses %s, and shows the usage", (_what, text, what) => {
    expect(refusalOf(() => readRevoke(text))).toEqual({ what, next: USAGE });
  });

  it("names a missing <who> where there can be no form", () => {
    expect(refusalOf(() => parseArgs(user, []))).toEqual({
      what: "<who> is missing: an email address, a name, an Access user's id or a @mention.",
      next: "Usage: /zt user <who>",
    });
  });

  it("says which flag is missing, where one is needed", () => {
    expect(refusalOf(() => parseArgs(pauseCommand, []))).toEqual({
      what: "--reason is missing: why, for everyone else.",
      next: 'Usage: /zt pause --reason "…"',
    });
  });

  it("explains an extra word without speaking of a reason where there is none", () => {
    expect(refusalOf(() => parseArgs(user, splitWords("mallory@example.com now")))).toEqual({
      what: '"now" is one word too many.',
      next: "Usage: /zt user <who>",
    });
  });

  it("knows the flags of each subcommand apart", () => {
    expect(refusalOf(() => parseArgs(resetRisk, ["--devices"])).what).toBe(
      "reset-risk has no flag --devices.",
    );
  });
});

describe("a name in place of a <who>", () => {
  const read = (name: string, text: string) => parseArgs(commandOf(name), splitWords(text));

  it.each([
    ["a name", "user", "mallory", "mallory"],
    ["a name of several words", "user", "mallory archer", "mallory archer"],
    ["a name where a nonce may follow", "sessions", "mallory archer", "mallory archer"],
    ["half an email", "user", "mallory@example", "mallory@example"],
    ["a mention that Slack does not know", "user", "@mallory", "mallory"],
    ["half a UUID", "user", "f174e90a-fafe", "f174e90a-fafe"],
    ["a name to revoke", "revoke", "mallory archer --reason stolen", "mallory archer"],
    ["a name before the words of another argument", "rename-user", "mallory Mallory Two", "mallory"],
  ])("is %s, which only a user completes", (_what, command, text, name) => {
    const parsed = read(command, text);
    expect(parsed.name).toBe(name);
    expect("args" in parsed).toBe(false);
  });

  it("keeps what else was typed for the user it turns out to be", () => {
    const who = { kind: "id", id: ID } as const;
    const revoked = parseArgs(revoke, splitWords("mallory --devices --reason laptop stolen"));
    expect(revoked.name === null ? null : revoked.withUser(who)).toEqual({
      who: [who],
      devices: true,
      block: false,
      warpReauth: false,
      reason: "laptop stolen",
    });
    const signIns = read("sign-ins", "mallory --days 7");
    expect(signIns.name === null ? null : signIns.withUser(who)).toEqual({ who, days: "7" });
  });
});

describe("text that no command can be", () => {
  it("is refused past 3,000 characters, and taken with exactly as many", () => {
    expect(splitWords("x".repeat(3000))).toHaveLength(1);
    expect(refusalOf(() => splitWords("x".repeat(3001)))).toEqual({
      what: "That is too long: 3,001 characters.",
      why: "A command holds at most 3,000.",
      next: "Shorten it.",
    });
  });

  it.each([0, 1, 8, 11, 12, 14, 27, 31, 127, 128, 133, 159])(
    "is refused with the control character %i in it",
    (code) => {
      expect(refusalOf(() => splitWords(`mallory@example.com${String.fromCharCode(code)}`))).toEqual({
        what: "The command contains control characters.",
        why: "They are invisible, and often come with copied text.",
        next: "Type it again, or paste it as plain text.",
      });
    },
  );
});

describe("whatever is typed", () => {
  const anything = fc.oneof(
    fc.string({ unit: "binary", maxLength: 80 }),
    fc
      .array(
        fc.constantFrom(
          ...Array.from("'\"“”‘’—–-<>|&=@ \t\n"),
          "--reason",
          "--devices",
          "mallory@example.com",
          "<@U012",
          "<mailto:",
          "&amp;",
          "__proto__",
          "--constructor",
        ),
      )
      .map((parts) => parts.join("")),
  );

  it("is read, or refused with a UserError: nothing else is ever thrown", () => {
    fc.assert(
      fc.property(anything, (text) => {
        for (const command of [revoke, resetRisk, user]) {
          const { error } = attempt(() => parseArgs(command as typeof revoke, splitWords(text)));
          expect(error === undefined || error instanceof UserError ? "fine" : error).toBe("fine");
        }
      }),
      { numRuns: 500 },
    );
  });

  it("keeps every word of a reason, in order and unchanged", () => {
    const word = fc
      .oneof(
        fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }),
        fc.constantFrom(
          "don't",
          "users'",
          '13"',
          "—",
          "--",
          "-",
          "–x",
          "&",
          "<b>",
          "a=b",
          "’tis",
          "\\",
          "`rm`",
        ),
      )
      // Spaces part words, a quote before one may group them, and a leading hyphen makes a flag.
      .filter((one) => !/[\s\p{Cc}]/u.test(one) && !/^["'“”„‟«»‘’‚‛]/.test(one))
      .filter((one) => one === "--" || !/^(?:--|[—–-]+\w)/.test(one));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), fc.boolean(), (words, quoted) => {
        fc.pre(!quoted || !words.some((one) => /["“”„‟«»]/.test(one)));
        const text = asSlackSends(words.join(" "));
        const args = readRevoke(`mallory@example.com --reason ${quoted ? `"${text}"` : text} --devices`);
        expect(args).toEqual({
          who: [MALLORY],
          reason: words.join(" "),
          devices: true,
          block: false,
          warpReauth: false,
        });
      }),
      { numRuns: 500 },
    );
  });

  it("loses no letter of a reason to quotes, however they stand", () => {
    const text = fc
      .array(fc.constantFrom("a", "b1", " ", "'", '"', "“", "”", "‘", "’"), { minLength: 1, maxLength: 30 })
      .map((parts) => parts.join(""));
    const letters = (from: string): string => from.replaceAll(/[^a-z0-9]/g, "");
    fc.assert(
      fc.property(text, (typed) => {
        fc.pre(letters(typed) !== "");
        const args = readRevoke(`--reason ${typed} --devices`);
        expect(letters(args.reason ?? "")).toBe(letters(typed));
        expect(args.devices).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("comes back from Slack's escaping as it was typed", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (typed) => {
        expect(unescapeSlack(asSlackSends(typed))).toBe(typed);
      }),
    );
  });
});

describe("a suggestion", () => {
  it.each([
    ["revok", "revoke"],
    ["rveoke", "revoke"],
    ["usr", "user"],
    ["reset-rsk", "reset-risk"],
    ["reset_risk", "reset-risk"],
  ])("for %s is %s", (typed, meant) => {
    expect(suggest(typed, ["user", "revoke", "reset-risk", "help"])).toBe(meant);
  });

  it.each(["", "x", "foo", "delete", "mallory@example.com"])("is not made for “%s”", (typed) => {
    expect(suggest(typed, ["user", "who", "revoke", "reset-risk", "help"])).toBeUndefined();
  });

  it("is not made when there is nothing to suggest", () => {
    expect(suggest("revoke", [])).toBeUndefined();
  });
});
