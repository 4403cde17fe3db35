import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  decideApprove,
  decideCancel,
  decideDeny,
  decideDetails,
  decideStop,
  couldApprove,
  type ClickFacts,
  type Verdict,
} from "../../src/requests/policy.ts";
import { STATUSES, type Status } from "../../src/requests/request.ts";
import type { Person } from "../../src/slack/directory.ts";
import { makeRequest } from "../views/support.ts";

const HOME = "T0HOME";
const REQUESTER = "U0ALICE01";
const APPROVER = "U0CAROL01";

function makePerson(changes: Partial<Person> = {}): Person {
  return {
    id: APPROVER,
    teamId: HOME,
    name: "Carol",
    email: "carol@example.com",
    isBot: false,
    isDeactivated: false,
    isGuest: false,
    isStranger: false,
    ...changes,
  };
}

interface Case {
  status?: Status;
  person?: Partial<Person> | null;
  /** The clicker is the person's id; of a person Slack does not know, this one. */
  clickerId?: string;
  approvers?: string[];
  /** Milliseconds from now until the request expires. */
  left?: number;
}

function makeFacts({
  status = "pending",
  person = {},
  clickerId,
  approvers = [APPROVER],
  left = 1000,
}: Case = {}): ClickFacts {
  const request = makeRequest({ status });
  const clicker = person === null ? null : makePerson(person);
  return {
    request,
    clicker,
    clickerId: clickerId ?? clicker?.id ?? APPROVER,
    homeTeamId: HOME,
    approvers: new Set(approvers),
    now: request.expiresAt - left,
  };
}

function codeOf(verdict: Verdict): string {
  return verdict.allowed ? "allowed" : verdict.code;
}

const DECIDE = { approve: decideApprove, deny: decideDeny, cancel: decideCancel };

describe("who may decide", () => {
  it.each<[string, Case, { approve: string; deny: string; cancel: string }]>([
    [
      "an approver may approve and deny, not cancel",
      {},
      { approve: "allowed", deny: "allowed", cancel: "not-the-requester" },
    ],
    [
      "somebody the policy does not name may do nothing",
      { approvers: ["U0OTHER01"] },
      { approve: "not-an-approver", deny: "not-an-approver", cancel: "not-the-requester" },
    ],
    [
      "the requester may only cancel, also as an approver",
      { person: { id: REQUESTER }, approvers: [REQUESTER, APPROVER] },
      { approve: "requester", deny: "requester", cancel: "allowed" },
    ],
    [
      "the target may do nothing, also as an approver",
      { person: { email: "mallory@example.com" } },
      { approve: "target", deny: "target", cancel: "not-the-requester" },
    ],
    [
      "the target is known by the address in any case and with spaces around",
      { person: { email: " Mallory@EXAMPLE.com " } },
      { approve: "target", deny: "target", cancel: "not-the-requester" },
    ],
    [
      "an approver whose address Slack does not show may be the target, and may not decide",
      { person: { email: null } },
      { approve: "unknown-person", deny: "unknown-person", cancel: "not-the-requester" },
    ],
    [
      "a requester who is the target may cancel",
      { person: { id: REQUESTER, email: "mallory@example.com" } },
      { approve: "requester", deny: "requester", cancel: "allowed" },
    ],
    [
      "a deactivated approver may do nothing",
      { person: { isDeactivated: true } },
      { approve: "unknown-person", deny: "unknown-person", cancel: "not-the-requester" },
    ],
    [
      "a deactivated requester may not even cancel",
      { person: { id: REQUESTER, isDeactivated: true } },
      { approve: "unknown-person", deny: "requester", cancel: "unknown-person" },
    ],
    [
      "a bot may do nothing",
      { person: { isBot: true } },
      { approve: "unknown-person", deny: "unknown-person", cancel: "not-the-requester" },
    ],
    [
      "a guest may do nothing",
      { person: { isGuest: true } },
      { approve: "stranger", deny: "stranger", cancel: "not-the-requester" },
    ],
    [
      "somebody from another organisation may do nothing",
      { person: { isStranger: true } },
      { approve: "stranger", deny: "stranger", cancel: "not-the-requester" },
    ],
    [
      "somebody of another workspace may do nothing",
      { person: { teamId: "T0OTHER" } },
      { approve: "stranger", deny: "stranger", cancel: "not-the-requester" },
    ],
    [
      "somebody Slack does not know may do nothing",
      { person: null },
      { approve: "unknown-person", deny: "unknown-person", cancel: "not-the-requester" },
    ],
    [
      "nobody may do anything once it has expired, though the card may still show buttons",
      { left: 0 },
      { approve: "expired", deny: "expired", cancel: "expired" },
    ],
    [
      "a moment before it expires it can be decided",
      { left: 1 },
      { approve: "allowed", deny: "allowed", cancel: "not-the-requester" },
    ],
    [
      "of an empty list of approvers nobody is one",
      { approvers: [] },
      { approve: "not-an-approver", deny: "not-an-approver", cancel: "not-the-requester" },
    ],
  ])("%s", (_what, input, expected) => {
    const facts = makeFacts(input);
    expect({
      approve: codeOf(decideApprove(facts)),
      deny: codeOf(decideDeny(facts)),
      cancel: codeOf(decideCancel(facts)),
    }).toEqual(expected);
  });

  it.each(STATUSES.filter((status) => status !== "pending"))("of a request that is %s, nobody", (status) => {
    for (const decide of Object.values(DECIDE))
      for (const id of [REQUESTER, APPROVER]) {
        const verdict = decide(makeFacts({ status, person: { id } }));
        expect(codeOf(verdict)).toBe(status === "expired" ? "expired" : "decided");
      }
  });

  it("the later of two who click at once reads who was first", () => {
    expect(decideApprove(makeFacts({ status: "approved" }))).toEqual({
      allowed: false,
      code: "decided",
      why: "This request was already approved and is being carried out.",
      next: "Your click changed nothing.",
      by: "U0BOB0001",
    });
  });

  it("every refusal says why and what next", () => {
    for (const status of STATUSES)
      for (const person of [
        {},
        null,
        { isGuest: true },
        { isBot: true },
        { id: REQUESTER, isGuest: true },
        { email: null },
      ])
        for (const decide of Object.values(DECIDE)) {
          const verdict = decide(makeFacts({ status, person, approvers: [] }));
          expect(verdict).toMatchObject({
            allowed: false,
            why: expect.stringMatching(/\.$/),
            next: expect.stringMatching(/\.$/),
          });
        }
  });
});

describe("over any facts", () => {
  const rarely = fc.integer({ min: 0, max: 7 }).map((number) => number === 0);
  const anyFacts = fc
    .record({
      // Mostly open ones: the others allow nothing to anybody.
      status: fc.oneof(
        { weight: 3, arbitrary: fc.constant("pending" as const) },
        fc.constantFrom(...STATUSES),
      ),
      person: fc.option(
        fc.record({
          id: fc.constantFrom(REQUESTER, APPROVER, "U0DAVE001"),
          teamId: fc.constantFrom(HOME, "T0OTHER", null),
          email: fc.constantFrom("carol@example.com", "mallory@example.com", "MALLORY@example.com", null),
          isBot: rarely,
          isDeactivated: rarely,
          isGuest: rarely,
          isStranger: rarely,
        }),
      ),
      approvers: fc.subarray([REQUESTER, APPROVER, "U0DAVE001"]),
      left: fc.integer({ min: -2, max: 10 }),
    })
    .map(({ person, ...rest }) => makeFacts({ ...rest, person }));

  /** Written out on its own, so that it does not share a mistake with what it checks. */
  function isOneOfUs({ clicker }: ClickFacts): boolean {
    if (clicker === null || clicker.teamId === "T0OTHER") return false;
    return !(clicker.isBot || clicker.isDeactivated || clicker.isGuest || clicker.isStranger);
  }

  function isOpen({ request, now }: ClickFacts): boolean {
    return request.status === "pending" && now < request.expiresAt;
  }

  it("who approves or denies is an approver of this workspace, not who asked and certainly not the target", () => {
    fc.assert(
      fc.property(anyFacts, fc.constantFrom(decideApprove, decideDeny), (facts, decide) => {
        const { clicker, clickerId, request, approvers } = facts;
        const isEligible =
          isOpen(facts) &&
          isOneOfUs(facts) &&
          approvers.has(clickerId) &&
          clickerId !== request.requesterId &&
          clicker?.email === "carol@example.com";
        expect(decide(facts).allowed).toBe(isEligible);
      }),
      { numRuns: 2000 },
    );
  });

  it("who cancels is who asked, still of this workspace, while it waits", () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const isEligible = isOpen(facts) && isOneOfUs(facts) && facts.clickerId === facts.request.requesterId;
        expect(decideCancel(facts).allowed).toBe(isEligible);
      }),
      { numRuns: 2000 },
    );
  });

  it("a request that is decided allows nothing to anybody", () => {
    fc.assert(
      fc.property(
        anyFacts,
        fc.constantFrom(...STATUSES.filter((status) => status !== "pending")),
        (some, status) => {
          const facts = { ...some, request: { ...some.request, status } };
          for (const decide of Object.values(DECIDE)) expect(decide(facts).allowed).toBe(false);
        },
      ),
    );
  });
});

describe("who may see a request in full", () => {
  it.each<[string, Case, string[], string]>([
    ["an approver", {}, [], "allowed"],
    ["the requester", { person: { id: REQUESTER } }, [], "allowed"],
    ["an operator", { person: { id: "U0DAVE001" } }, ["U0DAVE001"], "allowed"],
    [
      "the target, who may approve other requests, sees this one",
      { person: { email: "mallory@example.com" } },
      [],
      "allowed",
    ],
    ["nobody else", { person: { id: "U0DAVE001" } }, [], "not-an-approver"],
    [
      "not an operator who is a guest",
      { person: { id: "U0DAVE001", isGuest: true } },
      ["U0DAVE001"],
      "stranger",
    ],
    [
      "not a requester who is deactivated",
      { person: { id: REQUESTER, isDeactivated: true } },
      [],
      "unknown-person",
    ],
    ["not somebody Slack does not know", { person: null, clickerId: REQUESTER }, [], "unknown-person"],
    ["also after it is decided", { status: "succeeded" }, [], "allowed"],
  ])("%s", (_who, input, operators, expected) => {
    expect(codeOf(decideDetails(makeFacts(input), new Set(operators)))).toBe(expected);
  });
});

/** One of several people whom a request is about, who is not the first. */
const OTHER = { id: "f174e90a-0000-4000-8000-000000000002", email: "Dave@Example.com", name: "Dave" };

function severalOf(facts: ClickFacts): ClickFacts {
  const { plan } = facts.request;
  if (plan.action !== "revoke") throw new Error("not a revocation");
  const options = { ...plan.options, others: [OTHER] };
  return { ...facts, request: { ...facts.request, plan: { ...plan, options } } };
}

describe("who could approve, when it is asked for", () => {
  const { request } = severalOf(makeFacts());
  const asked = { plan: request.plan, requesterId: REQUESTER, homeTeamId: HOME };

  it.each<[string, Partial<Person> | null, boolean]>([
    ["another member may", {}, true],
    ["not who asks", { id: REQUESTER }, false],
    ["not the person it is about", { email: request.plan.target.email.toUpperCase() }, false],
    ["not another of those it is about", { email: "dave@example.com" }, false],
    ["not who has no address in Slack", { email: null }, false],
    ["not who is deactivated", { isDeactivated: true }, false],
    ["not a guest", { isGuest: true }, false],
    ["not somebody from elsewhere", { teamId: "T0OTHER" }, false],
    ["not who is unknown to Slack", null, false],
  ])("%s", (_who, person, expected) => {
    expect(couldApprove(person === null ? null : makePerson(person), asked)).toBe(expected);
  });
});

describe("who may decide about several users", () => {
  it.each([decideApprove, decideDeny, decideStop])("is none of them", (decide) => {
    const facts = severalOf(
      makeFacts({
        status: decide === decideStop ? "executing" : "pending",
        person: { email: "dave@example.com" },
      }),
    );
    expect(codeOf(decide(facts))).toBe("target");
  });
});

describe("who may stop what is carried out for several users", () => {
  it.each<[string, Case, string]>([
    ["an approver may", {}, "allowed"],
    ["who asked may", { person: { id: REQUESTER }, approvers: [] }, "allowed"],
    ["nobody else may", { approvers: ["U0OTHER01"] }, "not-an-approver"],
    ["not an approver without an address in Slack", { person: { email: null } }, "unknown-person"],
    ["not a guest", { person: { isGuest: true } }, "stranger"],
    [
      "not who asked and is deactivated since",
      { person: { id: REQUESTER, isDeactivated: true } },
      "unknown-person",
    ],
    ["not before it is approved", { status: "pending" }, "not-running"],
    ["not when it is over", { status: "succeeded" }, "not-running"],
    ["while no clear answer has come", { status: "unknown" }, "allowed"],
  ])("%s", (_who, input, expected) => {
    expect(codeOf(decideStop(severalOf(makeFacts({ status: "executing", ...input }))))).toBe(expected);
  });

  it("cannot stop it twice, and reads who did", () => {
    const facts = severalOf(makeFacts({ status: "executing" }));
    const stopped = { ...facts, request: { ...facts.request, stop: { by: "U0EVE0001", at: 1 } } };
    expect(decideStop(stopped)).toMatchObject({ allowed: false, code: "stopped", by: "U0EVE0001" });
  });

  it("cannot stop a request about one", () => {
    expect(codeOf(decideStop(makeFacts({ status: "executing" })))).toBe("not-running");
  });
});
