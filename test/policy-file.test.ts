import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";

import { ConfigError } from "../src/config.ts";
import { createLogger } from "../src/log/log.ts";
import { openPolicy, parsePolicy } from "../src/policy-file.ts";

const MINIMAL = `
channels: { approvals: C0APPROV1 }
operators: [S0SECOPS]
approvers: [S0LEADS, U0BOB]
`;
const MINUTE = 60_000;
/** Of every action, where nothing is said. */
const REST = {
  approvalMaxAgeMs: 24 * 60 * MINUTE,
  quorum: 1,
  quorumByRisk: {},
  notifyApprovers: "none",
  remindAfterMs: 10 * MINUTE,
  escalate: null,
};

function problemsOf(text: string): string[] {
  try {
    parsePolicy(text, "policy.yml");
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe("policy.yml", () => {
  it("needs a channel, operators and approvers; the rest has safe defaults", () => {
    const policy = parsePolicy(MINIMAL, "policy.yml");
    expect(policy).toMatchObject({ approvalsChannel: "C0APPROV1", operators: ["S0SECOPS"], viewers: [] });
    for (const action of ["revoke", "reset-risk"] as const)
      expect(policy.action(action)).toEqual({
        approvers: ["S0LEADS", "U0BOB"],
        ttlMs: 60 * MINUTE,
        requireReason: true,
        ...REST,
      });
  });

  it("tells approvers by the card alone, unless it says otherwise, for all or one action", () => {
    const policy = parsePolicy(
      `${MINIMAL}\nnotify_approvers: mention\nactions: { revoke: { notify_approvers: dm } }\n`,
      "policy.yml",
    );
    expect(policy.action("revoke").notifyApprovers).toBe("dm");
    expect(policy.action("reset-risk").notifyApprovers).toBe("mention");
    expect(problemsOf(`${MINIMAL}\nnotify_approvers: email\n`)).toEqual([
      "policy.yml: notify_approvers is not one of dm, mention, none",
    ]);
  });

  it("offers ready-made reasons: short, and each once", () => {
    const policy = parsePolicy(`${MINIMAL}\nreasons: [Phishing, " Lost device "]\n`, "policy.yml");
    expect(policy.reasons).toEqual(["Phishing", "Lost device"]);
    expect(parsePolicy(`${MINIMAL}\nreasons:\n  # - Phishing\n`, "policy.yml").reasons).toEqual([]);
    expect(problemsOf(`${MINIMAL}\nreasons: [Phishing, Lost, "", ${"x".repeat(76)}]\n`)).toEqual([
      "policy.yml: reasons.2 is empty",
      "policy.yml: reasons.3 is longer than 75 characters",
    ]);
    expect(problemsOf(`${MINIMAL}\nreasons: [Phishing, Phishing]\n`)).toEqual([
      "policy.yml: reasons names a reason twice",
    ]);
  });

  it("calls someone contained without sessions, unless it says otherwise, and not by a list that it does not name", () => {
    expect(parsePolicy(MINIMAL, "policy.yml").incidents.required).toEqual(["back", "sessions"]);
    const wanted = `${MINIMAL}\nincidents: { required: [idp, block] }\n`;
    const list = "block: { email_list: 00000000-0000-0000-0000-000000000001 }";
    expect(parsePolicy(`${wanted}${list}`, "policy.yml").incidents.required).toEqual(["idp", "block"]);
    expect(problemsOf(wanted)).toEqual([
      "policy.yml: incidents.required names block, and there is no block.email_list: no one would ever be contained",
    ]);
    expect(problemsOf(`${MINIMAL}\nincidents: { required: [warp] }\n`)).toEqual([
      "policy.yml: incidents.required.0 is none of the gaps: back, sessions, block, idp, devices, risk",
    ]);
  });

  it("lets an approval age for a day, unless it says otherwise, for all or one action", () => {
    const policy = parsePolicy(
      `${MINIMAL}\napproval_max_age: 4h\nactions: { reset-risk: { approval_max_age: 30m } }\n`,
      "policy.yml",
    );
    expect(policy.action("revoke").approvalMaxAgeMs).toBe(240 * MINUTE);
    expect(policy.action("reset-risk").approvalMaxAgeMs).toBe(30 * MINUTE);
    expect(problemsOf(`${MINIMAL}\napproval_max_age: never\n`)).toEqual([
      "policy.yml: approval_max_age is not a duration such as 30m, 4h or 2d",
    ]);
  });

  it("may differ for an action, which leaves the others alone", () => {
    const policy = parsePolicy(
      `${MINIMAL}\nactions:\n  reset-risk: { approvers: [U0CAROL], ttl: 90s, require_reason: false }\n`,
      "policy.yml",
    );
    expect(policy.action("reset-risk")).toEqual({
      approvers: ["U0CAROL"],
      ttlMs: 90_000,
      requireReason: false,
      ...REST,
    });
    expect(policy.action("revoke")).toEqual({
      approvers: ["S0LEADS", "U0BOB"],
      ttlMs: 60 * MINUTE,
      requireReason: true,
      ...REST,
    });
  });

  it.each([
    ["30s", 30_000],
    ["15m", 15 * MINUTE],
    ["4h", 240 * MINUTE],
    ["2d", 2 * 24 * 60 * MINUTE],
  ])("takes %s as a duration", (ttl, ms) => {
    expect(
      parsePolicy(`${MINIMAL}\nactions: { revoke: { ttl: ${ttl} } }`, "policy.yml").action("revoke").ttlMs,
    ).toBe(ms);
  });

  it("in the example is taken as it stands, but for the ids", () => {
    const example = readFileSync(new URL("../policy.example.yml", import.meta.url), "utf8");
    const policy = parsePolicy(example, "policy.example.yml");
    expect(policy.action("revoke").ttlMs).toBe(60 * MINUTE);
    expect(policy.action("reset-risk").ttlMs).toBe(240 * MINUTE);
  });

  it("may want more approvers, by action and by the target's risk, and more time for some", () => {
    const policy = parsePolicy(
      `${MINIMAL}\nquorum: 2\nactions:\n  reset-risk: { quorum: 3, quorum_by_risk: { low: 1, high: 4 }, remind_after: 5m, escalate: { after: 20m, to: [S0CISO] } }\n  revoke: { remind_after: false }\n`,
      "policy.yml",
    );
    expect(policy.action("revoke")).toMatchObject({ quorum: 2, quorumByRisk: {}, remindAfterMs: null });
    expect(policy.action("reset-risk")).toMatchObject({
      quorum: 3,
      quorumByRisk: { low: 1, high: 4 },
      remindAfterMs: 5 * MINUTE,
      escalate: { afterMs: 20 * MINUTE, to: ["S0CISO"] },
    });
  });

  it("protects nobody, lets nobody act alone and looks at the approvers, unless it says otherwise", () => {
    expect(parsePolicy(MINIMAL, "policy.yml")).toMatchObject({
      protected: null,
      breakGlass: null,
      checksApproverRisk: true,
    });
    const more = `${MINIMAL}
approver_hygiene: false
protected: { emails: [CEO@Example.com], domains: [Board.example.com], groups: [S0EXECS] }
break_glass: { members: [U0ONCALL], notify: [S0CISO] }
`;
    expect(parsePolicy(more, "policy.yml")).toMatchObject({
      checksApproverRisk: false,
      protected: {
        emails: ["ceo@example.com"],
        domains: ["board.example.com"],
        groups: ["S0EXECS"],
        quorum: 2,
      },
      breakGlass: { members: ["U0ONCALL"], notify: ["S0CISO"], actions: ["revoke", "revoke-devices"] },
    });
  });

  it("revokes devices by the deprecated call only where it says so", () => {
    expect(parsePolicy(MINIMAL, "policy.yml").legacyDeviceRevoke).toBe(false);
    expect(parsePolicy(`${MINIMAL}\nlegacy_device_revoke: true\n`, "policy.yml").legacyDeviceRevoke).toBe(
      true,
    );
    expect(problemsOf(`${MINIMAL}\nlegacy_device_revoke: "yes"\n`)[0]).toContain("legacy_device_revoke");
  });

  it("may have headings with nothing under them, as when all of their lines are commented out", () => {
    expect(problemsOf(`${MINIMAL}\nviewers:\nactions:\n`)).toEqual([]);
    expect(problemsOf(`${MINIMAL}\nactions:\n  revoke:\n    # ttl: 1h\n`)).toEqual([]);
  });

  it.each([
    ["nothing", "", ["policy.yml: the file is empty"]],
    ["only comments", "# later\n", ["policy.yml: the file is empty"]],
    ["a list", "- a\n", ["policy.yml: the file is not a list of names and values"]],
    [
      "no channel and nobody",
      "{}",
      [
        "policy.yml: channels is missing",
        "policy.yml: operators is missing",
        "policy.yml: approvers is missing",
      ],
    ],
    [
      "a channel's name",
      MINIMAL.replace("C0APPROV1", "'#zt-approvals'"),
      [
        "policy.yml: channels.approvals is not a channel id (C…): copy it from the channel's details in Slack",
      ],
    ],
    [
      "a channel's number",
      MINIMAL.replace("C0APPROV1", "123"),
      [
        "policy.yml: channels.approvals is not a channel id (C…): copy it from the channel's details in Slack",
      ],
    ],
    [
      "a name instead of an id",
      MINIMAL.replace("U0BOB", "bob"),
      ["policy.yml: approvers.1 is not a Slack user id (U…) or user-group id (S…)"],
    ],
    [
      "one id where a list is meant",
      MINIMAL.replace("[S0SECOPS]", "S0SECOPS"),
      ["policy.yml: operators is not a list"],
    ],
    [
      "no operator",
      MINIMAL.replace("[S0SECOPS]", "[]"),
      ["policy.yml: operators is empty: no one could use the bot"],
    ],
    [
      "no approver",
      MINIMAL.replace("[S0LEADS, U0BOB]", "[]"),
      ["policy.yml: approvers is empty: no one could approve"],
    ],
    [
      "no approver of an action",
      `${MINIMAL}\nactions: { revoke: { approvers: [] } }`,
      ["policy.yml: actions.revoke.approvers is empty: no one could approve"],
    ],
    [
      "an action that there is not",
      `${MINIMAL}\nactions: { ban: {} }`,
      ["policy.yml: actions has an unknown name: ban"],
    ],
    [
      "a heading that there is not",
      `${MINIMAL}\napprover: [U1]`,
      ["policy.yml: the file has an unknown name: approver"],
    ],
    [
      "a setting of an action that there is not",
      `${MINIMAL}\nactions: { revoke: { qourum: 2, x: 1 } }`,
      ["policy.yml: actions.revoke has unknown names: qourum, x"],
    ],
    [
      "a duration in words",
      `${MINIMAL}\nactions: { revoke: { ttl: 1 hour } }`,
      ["policy.yml: actions.revoke.ttl is not a duration such as 30m, 4h or 2d"],
    ],
    [
      "a duration without a unit",
      `${MINIMAL}\nactions: { revoke: { ttl: 3600 } }`,
      ["policy.yml: actions.revoke.ttl is not a duration such as 30m, 4h or 2d"],
    ],
    [
      "no duration at all",
      `${MINIMAL}\nactions: { revoke: { ttl: 0m } }`,
      ["policy.yml: actions.revoke.ttl is not a duration such as 30m, 4h or 2d"],
    ],
    [
      "a quorum of nobody",
      `${MINIMAL}\nactions: { revoke: { quorum: 0 } }`,
      ["policy.yml: actions.revoke.quorum is not a number of people from 1 to 10"],
    ],
    [
      "a quorum in words",
      `${MINIMAL}\nquorum: two`,
      ["policy.yml: quorum is not a number of people from 1 to 10"],
    ],
    [
      "a level of risk that there is not",
      `${MINIMAL}\nactions: { revoke: { quorum_by_risk: { severe: 2 } } }`,
      ["policy.yml: actions.revoke.quorum_by_risk has an unknown name: severe"],
    ],
    [
      "an escalation after the end",
      `${MINIMAL}\nactions: { revoke: { escalate: { after: 1h, to: [S0CISO] } } }`,
      [
        "policy.yml: actions.revoke.escalate.after is not before the request expires (ttl): no one would ever be asked",
      ],
    ],
    [
      "somebody protected by a name",
      `${MINIMAL}\nprotected: { emails: [the boss], domains: ["@example.com"], groups: [U0BOB] }`,
      [
        "policy.yml: protected.emails.0 is not an email address",
        "policy.yml: protected.domains.0 is not a domain such as example.com",
        "policy.yml: protected.groups.0 is not a Slack user-group id (S…)",
      ],
    ],
    [
      "a watch that never ends",
      `${MINIMAL}\nwatch: { after_revoke: 25h }`,
      ["policy.yml: watch.after_revoke is not a duration such as 30m, 4h or 2d, or off; 24h at most"],
    ],
    [
      "break-glass of which nobody is told",
      `${MINIMAL}\nbreak_glass: { members: [U0BOB], notify: [] }`,
      ["policy.yml: break_glass.notify is empty: someone has to be told at once"],
    ],
    [
      "a word for a switch",
      `${MINIMAL}\nactions: { revoke: { require_reason: maybe } }`,
      ["policy.yml: actions.revoke.require_reason is neither true nor false"],
    ],
  ])("is refused with %s in it, and says where", (_what, text, problems) => {
    expect(problemsOf(text)).toEqual(problems);
  });

  it.each(["channels: [unclosed", "a: 1\na: 2", "\t- x: {", "a: *nothing"])(
    "that is no YAML is said to be none: %s",
    (text) => {
      expect(problemsOf(text)).toEqual([expect.stringMatching(/^policy\.yml is not YAML: [^\n]+$/)]);
    },
  );

  it("is read, or refused with a ConfigError, whatever it holds: nothing else is ever thrown", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.jsonValue().map((value) => JSON.stringify(value)),
        ),
        (text) => {
          expect(problemsOf(text)).not.toEqual([]);
        },
      ),
    );
  });
});

describe("the policy in force", () => {
  function makeFile(text: string): string {
    const folder = mkdtempSync(join(tmpdir(), "zt-policy-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, "policy.yml");
    writeFileSync(file, text);
    return file;
  }

  function makeLog() {
    const lines: string[] = [];
    return { lines, log: createLogger("info", { write: (line) => void lines.push(line) }) };
  }

  it("is known by the hash of the file's text, which changes with it", async () => {
    const file = makeFile(MINIMAL);
    const source = openPolicy(file);
    expect(source.hash()).toBe(createHash("sha256").update(MINIMAL).digest("hex"));
    const changed = `${MINIMAL}\n# nothing but a comment\n`;
    writeFileSync(file, changed);
    await source.reload(makeLog().log);
    expect(source.hash()).toBe(createHash("sha256").update(changed).digest("hex"));
    const inForce = source.hash();
    writeFileSync(file, "operators: []");
    await source.reload(makeLog().log);
    expect(source.hash()).toBe(inForce);
  });

  it("is the new one after a reload", async () => {
    const file = makeFile(MINIMAL);
    const source = openPolicy(file);
    const { log, lines } = makeLog();
    writeFileSync(file, MINIMAL.replace("S0SECOPS", "S0OTHERS"));
    expect(source.current().operators).toEqual(["S0SECOPS"]);
    await source.reload(log);
    expect(source.current().operators).toEqual(["S0OTHERS"]);
    expect(lines.join("")).toContain("policy reloaded");
  });

  it.each([
    ["is broken", (file: string) => writeFileSync(file, "operators: []")],
    ["is gone", (file: string) => rmSync(file)],
  ])("is the old one after a reload of a file that %s, and the log says why", async (_what, damage) => {
    const file = makeFile(MINIMAL);
    const source = openPolicy(file);
    const { log, lines } = makeLog();
    damage(file);
    await source.reload(log);
    expect(source.current().operators).toEqual(["S0SECOPS"]);
    expect(lines.join("")).toContain("policy not reloaded: the old one stays in force");
    expect(lines.join("")).toMatch(/operators is empty|cannot be read \(ENOENT\)/);
  });

  it("asks for no codes unless it says so, and only with STEP_UP_KEY", () => {
    expect(parsePolicy(MINIMAL, "policy.yml").stepUp).toEqual(new Set());
    const file = makeFile(`${MINIMAL}\nstep_up: [delete-user, break-glass]\n`);
    expect(openPolicy(file, { hasStepUpKey: true }).current().stepUp).toEqual(
      new Set(["delete-user", "break-glass"]),
    );
    expect(() => openPolicy(file)).toThrow(
      /STEP_UP_KEY is missing: .*asks for codes.*openssl rand -base64 32/,
    );
    expect(() => parsePolicy(`${MINIMAL}\nstep_up: [delete]\n`, "policy.yml")).toThrow(
      /policy\.yml: step_up\.0 is none of the actions that can ask for a code: revoke, .*delete-user.*, break-glass/,
    );
  });

  it("that asks for codes does not take the place of another one where there is no STEP_UP_KEY", async () => {
    const file = makeFile(MINIMAL);
    const source = openPolicy(file);
    writeFileSync(file, `${MINIMAL}\nstep_up: [delete-user]\n`);
    expect(await source.reload(makeLog().log)).toEqual([expect.stringContaining("STEP_UP_KEY is missing")]);
    expect(source.current().stepUp).toEqual(new Set());
  });

  it("cannot begin without a file", () => {
    expect(() => openPolicy("/nowhere/policy.yml")).toThrow(
      /ZT_POLICY_FILE: \/nowhere\/policy\.yml cannot be read \(ENOENT\): copy policy\.example\.yml and fill it in/,
    );
  });
});

it.each([
  ["", 3_600_000],
  ["watch:", 3_600_000],
  ["watch: { after_revoke: 4h }", 4 * 3_600_000],
  ["watch: { after_revoke: off }", null],
])("%s: someone whose access was taken away is watched for %s ms", (line, ms) => {
  expect(parsePolicy(`${MINIMAL}\n${line}\n`, "policy.yml").watch.afterRevokeMs).toBe(ms);
});
