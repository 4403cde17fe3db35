import { describe, expect, it } from "vitest";

import { createLogger } from "../../src/log/log.ts";
import { parsePolicy } from "../../src/policy-file.ts";
import type { Request } from "../../src/requests/request.ts";
import { countMissing, findUnanswered } from "../../src/reminders/unanswered.ts";
import type { Person } from "../../src/slack/directory.ts";
import { makeRequest, NOW } from "../views/support.ts";

const HOME = "T0HOME";
const GROUP = "S0LEADS01";

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `U0LEAD${index}`);
}

function person(id: string): Person {
  const nobody = { isBot: false, isDeactivated: false, isGuest: false, isStranger: false };
  return { id, teamId: HOME, name: id, email: `${id}@example.com`, ...nobody };
}

/** A directory in which one group has these members; `odd` says what is different about some of them. */
function depsOf(members: readonly string[], odd: Record<string, Partial<Person>> = {}, quorum = 1) {
  const asked: string[] = [];
  const policy = parsePolicy(
    `channels: { approvals: C0APPROV1 }\noperators: [U0ALICE01]\napprovers: [${GROUP}]\nquorum: ${quorum}\n`,
    "policy.yml",
  );
  const deps = {
    log: createLogger("silent"),
    now: () => NOW,
    homeTeamId: HOME,
    policy: { current: () => policy, hash: () => "", reload: () => Promise.resolve([]) },
    approverRisk: () => Promise.resolve({ kind: "fine" } as const),
    directory: {
      person(id: string) {
        asked.push(id);
        return Promise.resolve({ ...person(id), ...odd[id] });
      },
      members: (ids: readonly string[]) =>
        Promise.resolve(new Set(ids.flatMap((id) => (id === GROUP ? members : [id])))),
      unknownGroups: () => Promise.resolve([]),
      last: { email: () => null, isAmong: () => false },
      findByEmail: () => Promise.resolve(null),
      readGroups: () => Promise.reject(new Error("not asked for")),
    },
  };
  return { deps, asked };
}

const PENDING = makeRequest({ status: "pending" });

function votedBy(...voters: string[]): Request {
  return { ...PENDING, votes: voters.map((by) => ({ by, at: NOW })) };
}

describe("who is mentioned in a reminder", () => {
  it("is each of a group who could decide and has not answered", async () => {
    const { deps } = depsOf([...numbered(6), "U0ALICE01"], {
      U0LEAD1: { isGuest: true },
      U0LEAD2: { isDeactivated: true },
      U0LEAD3: { email: "Mallory@Example.com" },
      U0LEAD4: { email: null },
    });
    expect(await findUnanswered(deps, votedBy("U0LEAD5"), [GROUP])).toEqual(["U0LEAD0"]);
  });

  it("is up to ten people by name, and more than that as the policy names them", async () => {
    const ten = depsOf(numbered(10));
    expect(await findUnanswered(ten.deps, PENDING, [GROUP])).toEqual(numbered(10));
    const eleven = depsOf(numbered(11));
    expect(await findUnanswered(eleven.deps, PENDING, [GROUP])).toEqual([GROUP]);
    expect(await findUnanswered(eleven.deps, votedBy("U0LEAD7"), [GROUP])).toHaveLength(10);
  });

  it("is a big group without a look at every member, and never who asked or agreed", async () => {
    const { deps, asked } = depsOf(numbered(500));
    const request = votedBy("U0BOB0001");
    expect(await findUnanswered(deps, request, [GROUP, "U0BOB0001", request.requesterId])).toEqual([GROUP]);
    expect(asked).toEqual([]);
  });

  it("is nobody where nobody is left who could decide", async () => {
    const { deps } = depsOf(["U0LEAD0"], { U0LEAD0: { isDeactivated: true } });
    expect(await findUnanswered(deps, PENDING, [GROUP])).toEqual([]);
  });

  it("does not count an approval of somebody who was deactivated since", async () => {
    const { deps } = depsOf(numbered(3), { U0LEAD1: { isDeactivated: true } }, 3);
    expect(await countMissing(deps, votedBy("U0LEAD0", "U0LEAD1"))).toBe(2);
    expect(await countMissing(deps, PENDING)).toBe(3);
  });
});
