import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  countsAsProtected,
  isAny,
  judgeProtection,
  readProtection,
  type Protected,
} from "../../src/approvals/protected-targets.ts";
import { createLogger } from "../../src/log/log.ts";
import { createSlackClients } from "../../src/slack/clients.ts";
import { createDirectory, type GroupReading } from "../../src/slack/directory.ts";
import { startWorld } from "../support/harness.ts";

const GROUP = "S0EXECS01";
const MINUTE = 60_000;
const POLICY = {
  protected: { emails: ["ceo@example.com"], domains: ["board.example.com"], groups: [GROUP], quorum: 2 },
};
const MEMBER = "U0MEMBER1";
const READ: GroupReading = {
  lost: [],
  members: new Set([MEMBER]),
  isWhole: true,
  addresses: new Map([[MEMBER, "member@example.com"]]),
  holders: new Map(),
  trouble: null,
};

function judge(email: string, reading: GroupReading | null): Protected | undefined {
  return judgeProtection(POLICY, reading, [{ email }]).of.get(email.trim().toLowerCase());
}

describe("whether somebody is protected", () => {
  const unread: Partial<GroupReading> = { addresses: new Map(), trouble: "ratelimited" };
  it.each<[string, string, Partial<GroupReading>, Protected]>([
    ["by address, in any case", " CEO@Example.com ", {}, "protected"],
    ["by domain", "ann@board.example.com", {}, "protected"],
    ["by a domain below", "ann@eu.board.example.com", {}, "protected"],
    ["not by a domain that ends alike", "ann@keyboard.example.com", {}, "not-protected"],
    ["as a member, by the members' addresses", "Member@Example.com", {}, "protected"],
    [
      "as a member, by who has the address",
      "x@example.com",
      { holders: new Map([["x@example.com", MEMBER]]) },
      "protected",
    ],
    ["not as somebody else", "x@example.com", {}, "not-protected"],
    [
      "not as somebody else in Slack",
      "x@example.com",
      { ...unread, holders: new Map([["x@example.com", "U0OTHER01"]]) },
      "not-protected",
    ],
    [
      "not as nobody in Slack",
      "x@example.com",
      { ...unread, holders: new Map([["x@example.com", null]]) },
      "not-protected",
    ],
    ["nobody knows while members' addresses are not known", "x@example.com", unread, "unknown"],
    [
      "nobody knows while the members are not",
      "x@example.com",
      { members: new Set(), isWhole: false },
      "unknown",
    ],
    ["by the policy also then", "ceo@example.com", { members: new Set(), isWhole: false }, "protected"],
    ["everybody while Slack does not know the group", "x@example.com", { lost: [GROUP] }, "protected"],
  ])("%s", (_what, email, changes, expected) => {
    expect(judge(email, { ...READ, ...changes })).toBe(expected);
  });

  it("is never said of somebody of whom it was not read", () => {
    const protection = judgeProtection(POLICY, READ, [{ email: "x@example.com" }]);
    expect(isAny(protection, [{ email: "other@example.com" }], "unknown")).toBe(true);
  });

  it("counts as protected when it is asked for, where nobody knows, unless that is urgent", () => {
    const targets = [{ email: "x@example.com" }];
    const protection = judgeProtection(POLICY, { ...READ, ...unread }, targets);
    expect(countsAsProtected(protection, targets, false)).toBe(true);
    expect(countsAsProtected(protection, targets, true)).toBe(false);
    expect(protection.unchecked).toBe("protected groups: ratelimited");
  });

  it("is never denied of a member, however little could be read", () => {
    const ids = ["U0A", "U0B", "U0C"];
    const emailOf = (id: string) => `${id.toLowerCase()}@example.com`;
    const some = fc.subarray(ids);
    fc.assert(
      fc.property(some, some, some, fc.boolean(), (members, known, asked, isWhole) => {
        const reading: GroupReading = {
          lost: [],
          // Of a group that was not read nobody is known to be a member.
          members: new Set(isWhole ? members : []),
          isWhole,
          addresses: new Map(
            (isWhole ? members : []).filter((id) => known.includes(id)).map((id) => [id, emailOf(id)]),
          ),
          holders: new Map(asked.map((id) => [emailOf(id), id])),
          trouble: null,
        };
        for (const id of ids) {
          const said = judge(emailOf(id), reading);
          if (members.includes(id)) expect(said).not.toBe("not-protected");
          else expect(said).not.toBe("protected");
        }
      }),
    );
  });
});

/** A workspace in which so many are in the protected group. */
async function startReading(size: number) {
  const { slack, env } = await startWorld();
  const clock = { now: Date.UTC(2027, 0, 15, 12) };
  const client = createSlackClients(env["SLACK_BOT_TOKEN"] ?? "", slack.apiUrl).interactive;
  const directory = createDirectory(client, () => clock.now, createLogger("silent"));
  const ids = Array.from({ length: size }, (_, index) => `U0EXEC${String(index).padStart(3, "0")}`);
  for (const id of ids) {
    const name = id.toLowerCase();
    slack.setPerson(id, { name, realName: name, email: `${name}@example.com` });
  }
  slack.setUserGroup(GROUP, { handle: "execs", users: ids });
  const read = async (...emails: string[]) =>
    readProtection(
      POLICY,
      directory,
      emails.map((email) => ({ email })),
    );
  const calls = (method: string) => slack.calls.filter((call) => call.method === method).length;
  return { slack, clock, ids, read, calls };
}

const LIMITED = { retryAfter: 30 };

describe("what Slack is asked for it", () => {
  it("is once for each member where a hundred are meant, and nothing more for any of them in the next minutes", async () => {
    const { read, calls, clock, slack } = await startReading(120);
    const emails = Array.from({ length: 99 }, (_, index) => `somebody${index}@example.com`);
    const { of } = await read("u0exec007@example.com", ...emails);
    expect([...of.values()].filter((one) => one === "protected")).toHaveLength(1);
    expect([...of.values()].filter((one) => one === "not-protected")).toHaveLength(99);
    expect([calls("users.info"), calls("users.lookupByEmail")]).toEqual([120, 0]);
    const before = slack.calls.length;
    for (const email of emails.slice(0, 10)) {
      clock.now += 20_000;
      expect((await read(email)).of.get(email)).toBe("not-protected");
    }
    expect(slack.calls.slice(before).filter(({ method }) => method !== "usergroups.users.list")).toEqual([]);
  });

  it("is who has the address where one is meant", async () => {
    const { read, calls } = await startReading(120);
    expect([...(await read("u0exec007@example.com")).of.values()]).toEqual(["protected"]);
    await read("u0exec007@example.com");
    expect([calls("users.info"), calls("users.lookupByEmail")]).toEqual([0, 1]);
  });

  it("is not asked on and on while Slack refuses, and what was known goes for an hour", async () => {
    const { read, calls, clock, slack } = await startReading(40);
    const emails = Array.from({ length: 50 }, (_, index) => `somebody${index}@example.com`);
    slack.faults.set("users.info", LIMITED);
    const unknown = await read(...emails);
    expect(calls("users.info")).toBeLessThanOrEqual(5);
    expect(new Set(unknown.of.values())).toEqual(new Set(["unknown"]));
    expect(unknown.unchecked).toBe("protected groups: ratelimited");

    slack.faults.clear();
    expect((await read("u0exec007@example.com", ...emails)).unchecked).toBeNull();
    for (const method of ["users.info", "users.lookupByEmail", "usergroups.users.list"])
      slack.faults.set(method, LIMITED);
    clock.now += 30 * MINUTE;
    const later = await read("u0exec007@example.com", ...emails);
    expect(later.of.get("u0exec007@example.com")).toBe("protected");
    expect(later.of.get("somebody1@example.com")).toBe("not-protected");
    expect(later.unchecked).toBe("protected groups: ratelimited");
    clock.now += 31 * MINUTE;
    expect(new Set((await read("u0exec007@example.com", ...emails)).of.values())).toEqual(
      new Set(["unknown"]),
    );
  });

  it("takes an address that Slack does not show for none that is known", async () => {
    const { read, slack } = await startReading(2);
    slack.setPerson("U0EXEC001", { email: undefined } as never);
    const { of, unchecked } = await read("a@example.com", "b@example.com");
    expect([...of.values()]).toEqual(["unknown", "unknown"]);
    expect(unchecked).toBe("protected groups: not all addresses are shown");
  });

  it("takes no answer for no member", async () => {
    const { read, slack } = await startReading(3);
    slack.faults.set("usergroups.users.list", { error: "fatal_error" });
    expect([...(await read("u0exec001@example.com")).of.values()]).toEqual(["unknown"]);
  });
});
