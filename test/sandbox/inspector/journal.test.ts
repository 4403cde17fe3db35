import { expect, test } from "vitest";

import { createJournal } from "../../../sandbox/inspector/journal.ts";

const call = { way: "bot-to-slack", name: "chat.update", detail: "#approvals", request: {} } as const;

test("a request is there from its start, and is told once how it ended, newest first", () => {
  const journal = createJournal([]);
  const ended = journal.observe(call);
  journal.observe({ ...call, name: "views.open" });
  expect(journal.list().map(({ name, ms }) => [name, ms])).toEqual([
    ["views.open", null],
    ["chat.update", null],
  ]);
  const before = journal.version();
  ended({ status: 429, error: "ratelimited", broken: ["rate limit of chat.update"], ms: 12.4 });
  ended({ status: 200 });
  expect(journal.list()[1]).toMatchObject({ ms: 12, status: 429, broken: ["rate limit of chat.update"] });
  expect(journal.version()).toBeGreaterThan(before);
});

test("only the last ones are kept, so that a long session does not grow", () => {
  const journal = createJournal([], { kept: 3 });
  for (let index = 0; index < 10; index += 1) journal.observe({ ...call, detail: String(index) })({});
  expect(journal.list().map(({ detail }) => detail)).toEqual(["9", "8", "7"]);
  expect(journal.bodies(1)).toBeUndefined();
  expect(journal.bodies(10)?.request).toBe("{}");
});

test("a long body is cut, and says how much more there was", () => {
  const journal = createJournal([]);
  journal.observe({ ...call, request: { texts: Array(50).fill("some words ".repeat(100)) } });
  const { request = "" } = journal.bodies(1) ?? {};
  expect(request.length).toBeLessThan(20_100);
  expect(request).toMatch(/… \d+ more characters$/);
});

test.each([
  ["a token of this sandbox, in the middle of a text", { text: "use sandbox-token-1 now" }],
  ["a field that is a secret by its name", { authorization: "abc", trigger_id: "x.y", client_secret: "z" }],
  ["a response_url, also inside another text", { text: "https://s/actions/T0SANDBOX/abcdef123" }],
  ["the ticket of a connection", { url: "ws://s/link?ticket=abcdef123&app_id=A0" }],
  [
    "an authenticator's key and its code",
    { text: "ABCD EFGH IJKL MNOP QRST UVWX YZ23 4567", value: "123 456" },
  ],
  ["a credential that somebody typed", { text: "xoxb-1234567890-abcdefghij" }],
])("%s is masked before it is kept", (_what, request) => {
  const journal = createJournal(["sandbox-token-1"]);
  journal.observe({ ...call, detail: "sandbox-token-1", request })({ response: request });
  const kept = JSON.stringify([journal.list(), journal.bodies(1)]);
  expect(kept).not.toMatch(/sandbox-token-1|"abc"|x\.y|"z"|abcdef123|ABCD EFGH|123 456|xoxb-1234567890/);
});
