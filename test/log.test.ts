import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { listSecrets } from "../src/config.ts";
import { createLogger } from "../src/log/log.ts";

const TOKENS = {
  bot: "xoxb-1234567890-0987654321-AbCdEf",
  app: "xapp-1-A012-3456-abcdef",
  user: "xoxp-1-2-3-abc",
  refresh: "xoxe-1-My0xLWFi",
  rotated: "xoxe.xoxb-1-My0xLWFi",
  workflow: "xwfp-1-abc",
  bearer: "Bearer Zm9vYmFy_0.x-y=",
};
const CLOUDFLARE = "8M7wS6hCpXVc-DoRnPPY_UCWPgy8aea4Wy6kCe5T";

/** A log kept in memory; every line of it must be JSON. */
function makeLog(level = "trace", secrets: string[] = []) {
  const lines: string[] = [];
  const log = createLogger(level, { write: (line) => void lines.push(line) }, secrets);
  return {
    log,
    text: () => lines.join(""),
    parsed: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

describe("a log line", () => {
  it("is JSON with the level's name, an ISO time, the message and its fields", () => {
    const { log, parsed } = makeLog();
    log.info({ requestId: "ZT-7K3M2QF", ms: 12 }, "request decided");
    expect(parsed()).toEqual([
      {
        level: "info",
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        name: "zt-bot",
        requestId: "ZT-7K3M2QF",
        ms: 12,
        msg: "request decided",
      },
    ]);
  });

  it("of an error has its type, message, code, stack and cause, and not the request that it carries", () => {
    const { log, parsed, text } = makeLog();
    const error = Object.assign(new TypeError("cannot", { cause: new Error("because") }), {
      code: "ECONNRESET",
      config: { headers: { Authorization: "s3cret" } },
      request: { body: "s3cret" },
      response: { data: "s3cret" },
    });
    log.error({ err: error }, "failed");
    expect(parsed()[0]?.["err"]).toEqual({
      type: "TypeError",
      message: "cannot",
      code: "ECONNRESET",
      stack: expect.stringContaining("TypeError: cannot"),
      cause: "because",
    });
    expect(text()).not.toContain("s3cret");
  });

  it.each(["a string", 42, null, undefined, { odd: "s3cret" }])("of a thrown %j is written too", (thrown) => {
    const { log, parsed, text } = makeLog();
    log.error({ err: thrown }, "failed");
    expect(parsed()).toHaveLength(1);
    expect(text()).not.toContain("s3cret");
  });

  it("goes by the level, and a level that there is not counts as info", () => {
    const { log, parsed } = makeLog("loud");
    log.debug("no");
    log.info("yes");
    expect(parsed().map(({ msg }) => msg)).toEqual(["yes"]);
  });

  it("is not written at all when the log is silent", () => {
    const { log, text } = makeLog("silent");
    log.fatal("no");
    expect(text()).toBe("");
  });
});

describe("no secret comes out of the log", () => {
  it.each(Object.entries(TOKENS))("by its shape: %s", (_kind, token) => {
    const { log, parsed, text } = makeLog();
    const secret = token.replace("Bearer ", "").replace("xoxe.", "");
    log.info(token);
    log.info({ note: token, deep: { deeper: [`before ${token} after`] } }, "in fields");
    log.info(`{"authorization":"${token}","next":"kept"}`);
    log.error({ err: new Error(`refused: ${token}`, { cause: new Error(token) }) }, "in errors");
    log.child({ part: token }).warn("in a child's fields");
    expect(text()).not.toContain(secret);
    // What stands beside a secret stays readable, and every line stays JSON.
    expect(text()).toContain("kept");
    expect(text()).toContain("after");
    expect(parsed()).toHaveLength(5);
  });

  it("by the names of fields that hold them", () => {
    const { log, text } = makeLog();
    log.info({ token: "s3cret", headers: { a: "s3cret" }, authorization: "s3cret", config: "s3cret" }, "x");
    log.info(
      { call: { token: "s3cret", headers: "s3cret", authorization: "s3cret", config: "s3cret" } },
      "x",
    );
    expect(text()).not.toContain("s3cret");
  });

  it("of a URL with a password in it", () => {
    const { log, text } = makeLog();
    log.error({ err: new Error("cannot reach postgres://zt:hunter2@db.example.com:5432/zt") }, "failed");
    expect(text()).not.toContain("hunter2");
    expect(text()).toContain("@db.example.com:5432/zt");
  });

  it("that the settings hold, whatever it looks like and wherever it stands", () => {
    const anySecret = fc.oneof(
      fc.string({ minLength: 8, maxLength: 40 }).filter((text) => text.trim() === text && text.length >= 8),
      fc.constant(CLOUDFLARE),
    );
    fc.assert(
      fc.property(anySecret, anySecret, (one, other) => {
        const secrets = listSecrets({ CLOUDFLARE_API_TOKEN: one, SLACK_SIGNING_SECRET: ` ${other}\n` });
        const { log, text } = makeLog("trace", secrets);
        log.info({ a: one, b: [{ c: `x${other}y` }] }, `m ${one}`);
        log.error({ err: new Error(`with ${one} and ${other}`) }, "failed");
        for (const secret of [one, other]) expect(text()).not.toContain(JSON.stringify(secret).slice(1, -1));
      }),
    );
  });
});

describe("the secrets of an environment", () => {
  it("are its tokens, keys and signing secret, without the spaces around, and nothing short", () => {
    expect(
      listSecrets({
        SLACK_BOT_TOKEN: " xoxb-1234 ",
        SLACK_APP_TOKEN: "",
        SLACK_SIGNING_SECRET: "signing-secret",
        CLOUDFLARE_API_KEY: "short",
        CLOUDFLARE_EMAIL: "ops@example.com",
        PORT: "3000",
      }),
    ).toEqual(["xoxb-1234", "signing-secret"]);
  });
});
