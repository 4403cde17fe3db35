import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  couldApprove,
  decide,
  decideDetails,
  type Click,
  type ClickFacts,
  type Verdict,
} from "../../src/approvals/decide.ts";
import { countVotes, judgeExecution } from "../../src/approvals/votes.ts";
import { STATUSES, type Request, type Status, type Vote } from "../../src/requests/request.ts";
import type { Access } from "../../src/actions/define.ts";
import type { ApproverRisk, Facts, Known } from "../../src/approvals/eligibility.ts";
import type { Protected } from "../../src/approvals/protected-targets.ts";
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
  quorum?: number;
  /** Who has agreed before. */
  votes?: string[];
  approverRisk?: ApproverRisk;
  access?: Access;
  isUrgent?: boolean;
  /** Of every target, now. */
  protection?: Protected;
  breakGlass?: string[] | null;
  unreviewed?: string | null;
  /** Both approving and acting alone take a code. */
  takesCode?: boolean;
  code?: ClickFacts["code"];
  request?: Partial<Request>;
}

const FINE: ApproverRisk = { kind: "fine" };
const MAX_AGE = 24 * 60 * 60_000;

/** Each named by their own id. */
function namesOf(ids: readonly string[]): Map<string, string> {
  return new Map(ids.map((id) => [id, id]));
}

function makeFacts({
  status = "pending",
  person = {},
  clickerId,
  approvers = [APPROVER],
  left = 1000,
  quorum = 1,
  votes = [],
  approverRisk = FINE,
  access = "takes",
  isUrgent = true,
  protection = "not-protected",
  breakGlass = null,
  unreviewed = null,
  takesCode = false,
  code,
  request: changes = {},
}: Case = {}): ClickFacts {
  const made = makeRequest({ status });
  const cast = votes.map((by): Vote => ({ by, at: made.createdAt }));
  const request = { ...made, votes: cast, ...changes };
  const clicker = person === null ? null : makePerson(person);
  const id = clickerId ?? clicker?.id ?? APPROVER;
  const people = new Map<string, Known>(
    votes.map((by) => [
      by,
      { person: makePerson({ id: by, email: `${by}@example.com` }), approverRisk: FINE },
    ]),
  );
  return {
    request,
    access,
    isUrgent,
    clickerId: id,
    homeTeamId: HOME,
    approvers: namesOf(approvers),
    quorum,
    maxAgeMs: MAX_AGE,
    stepUp: { votes: takesCode, alone: takesCode },
    code,
    protection: {
      of: new Map([[request.plan.target.email, protection]]),
      lostGroups: [],
      unchecked: protection === "unknown" ? "protected groups: ratelimited" : null,
    },
    breakGlass: breakGlass === null ? null : namesOf(breakGlass),
    silence: null,
    gatheredAt: request.expiresAt - left,
    people: people.set(id, { person: clicker, approverRisk }),
    unreviewed,
    now: request.expiresAt - left,
  };
}

/** What is known of the clicker. */
function clickerOf({ people, clickerId }: ClickFacts): Person | null {
  return people.get(clickerId)?.person ?? null;
}

function codeOf(verdict: Verdict): string {
  return verdict.allowed ? "allowed" : verdict.code;
}

const DECISIONS = ["approve", "deny", "cancel"] as const satisfies readonly Click[];

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
      "a member of another workspace, whom Slack calls no stranger, may do nothing",
      { person: { teamId: "T0OTHER" } },
      { approve: "stranger", deny: "stranger", cancel: "not-the-requester" },
    ],
    [
      "a member of other workspaces of an organization may do nothing",
      { person: { teamId: "T0OTHER", teams: ["T0OTHER", "T0THIRD"], enterpriseId: "E0EXAMPLE" } },
      { approve: "stranger", deny: "stranger", cancel: "not-the-requester" },
    ],
    [
      "a person whose workspace Slack does not name may do nothing",
      { person: { teamId: null } },
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
      approve: codeOf(decide("approve", facts)),
      deny: codeOf(decide("deny", facts)),
      cancel: codeOf(decide("cancel", facts)),
    }).toEqual(expected);
  });

  it.each(STATUSES.filter((status) => status !== "pending"))("of a request that is %s, nobody", (status) => {
    for (const click of DECISIONS)
      for (const id of [REQUESTER, APPROVER]) {
        const verdict = decide(click, makeFacts({ status, person: { id } }));
        expect(codeOf(verdict)).toBe(status === "expired" ? "expired" : "decided");
      }
  });

  it("the later of two who click at once reads who was first", () => {
    expect(decide("approve", makeFacts({ status: "approved" }))).toEqual({
      allowed: false,
      code: "decided",
      why: "This request is already approved and in progress.",
      next: "Nothing was changed.",
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
        for (const click of [...DECISIONS, "stop", "break-glass", "review"] as const) {
          const verdict = decide(click, makeFacts({ status, person, approvers: [] }));
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
          teams: fc.constantFrom([], [HOME], ["T0OTHER"], ["T0OTHER", HOME]),
        }),
      ),
      approvers: fc.subarray([REQUESTER, APPROVER, "U0DAVE001"]),
      left: fc.integer({ min: -2, max: 10 }),
    })
    .map(({ person, ...rest }) => makeFacts({ ...rest, person }));

  /** Written out on its own, so that it does not share a mistake with what it checks. */
  function isOneOfUs(facts: ClickFacts): boolean {
    const clicker = clickerOf(facts);
    if (clicker === null || ![clicker.teamId, ...(clicker.teams ?? [])].includes(HOME)) return false;
    return !(clicker.isBot || clicker.isDeactivated || clicker.isGuest || clicker.isStranger);
  }

  function isOpen({ request, now }: ClickFacts): boolean {
    return request.status === "pending" && now < request.expiresAt;
  }

  it("who approves or denies is an approver of this workspace, not who asked and certainly not the target", () => {
    fc.assert(
      fc.property(anyFacts, fc.constantFrom("approve" as const, "deny" as const), (facts, click) => {
        const { clickerId, request, approvers } = facts;
        const isEligible =
          isOpen(facts) &&
          isOneOfUs(facts) &&
          approvers.has(clickerId) &&
          clickerId !== request.requesterId &&
          clickerOf(facts)?.email === "carol@example.com";
        expect(decide(click, facts).allowed).toBe(isEligible);
      }),
      { numRuns: 2000 },
    );
  });

  it("who cancels is who asked, still of this workspace, while it waits", () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const isEligible = isOpen(facts) && isOneOfUs(facts) && facts.clickerId === facts.request.requesterId;
        expect(decide("cancel", facts).allowed).toBe(isEligible);
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
          for (const click of DECISIONS) expect(decide(click, facts).allowed).toBe(false);
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
    const approver = person === null ? null : makePerson(person);
    const refusal = couldApprove(approver, { ...asked, id: approver?.id ?? APPROVER });
    expect(refusal === null).toBe(expected);
  });
});

describe("who may decide about several users", () => {
  it.each(["approve", "deny", "stop"] as const)("is none of them (%s)", (click) => {
    const facts = severalOf(
      makeFacts({
        status: click === "stop" ? "executing" : "pending",
        person: { email: "dave@example.com" },
      }),
    );
    expect(codeOf(decide(click, facts))).toBe("target");
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
    expect(codeOf(decide("stop", severalOf(makeFacts({ status: "executing", ...input }))))).toBe(expected);
  });

  it("cannot stop it twice, and reads who did", () => {
    const facts = severalOf(makeFacts({ status: "executing" }));
    const stopped = { ...facts, request: { ...facts.request, stop: { by: "U0EVE0001", at: 1 } } };
    expect(decide("stop", stopped)).toMatchObject({ allowed: false, code: "stopped", by: "U0EVE0001" });
  });

  it("cannot stop a request about one", () => {
    expect(codeOf(decide("stop", makeFacts({ status: "executing" })))).toBe("not-running");
  });
});

const SECOND = "U0ERIN001";
const BOTH = [APPROVER, SECOND];

describe("an approval by two", () => {
  it("is counted, and not yet an approval, with the first", () => {
    expect(decide("approve", makeFacts({ quorum: 2 }))).toMatchObject({
      allowed: true,
      outcome: { kind: "voted", vote: { by: APPROVER }, counting: 1, quorum: 2 },
    });
  });

  it("is one with the second", () => {
    expect(decide("approve", makeFacts({ quorum: 2, approvers: BOTH, votes: [SECOND] }))).toMatchObject({
      allowed: true,
      outcome: { kind: "approved", vote: { by: APPROVER }, counting: 2 },
    });
  });

  it("does not count the same person twice", () => {
    const facts = makeFacts({ quorum: 2, approvers: BOTH, votes: [APPROVER] });
    expect(decide("approve", facts)).toMatchObject({
      allowed: false,
      code: "already-voted",
      why: "You already approved this: 1 of 2.",
      next: "Needs 1 more approval.",
    });
  });

  it("is one with the votes there are when the policy wants fewer by now, also for who had agreed", () => {
    const facts = makeFacts({ quorum: 1, approvers: BOTH, votes: [APPROVER] });
    expect(decide("approve", facts)).toMatchObject({
      allowed: true,
      outcome: { kind: "approved", vote: null, counting: 1, quorum: 1 },
    });
  });

  it("needs another when the first is no approver any more", () => {
    const facts = makeFacts({ quorum: 2, approvers: [APPROVER], votes: [SECOND] });
    expect(decide("approve", facts)).toMatchObject({ outcome: { kind: "voted", counting: 1 } });
  });

  it("may be denied by one, also by one who had agreed", () => {
    expect(decide("deny", makeFacts({ quorum: 2, votes: [APPROVER] })).allowed).toBe(true);
  });
});

describe("an approver at risk", () => {
  it.each<[string, ApproverRisk, boolean, string]>([
    ["high-risk, never", { kind: "high-risk" }, true, "at-risk"],
    ["revoked within a day, never", { kind: "revoked", at: 5 }, true, "just-revoked"],
    ["not known, may agree to what is urgent", { kind: "unknown", why: "no answer" }, true, "allowed"],
    ["not known, may not agree to anything else", { kind: "unknown", why: "no answer" }, false, "unchecked"],
    ["fine, may", { kind: "fine" }, false, "allowed"],
  ])("%s", (_what, approverRisk, isUrgent, expected) => {
    expect(codeOf(decide("approve", makeFacts({ approverRisk, isUrgent })))).toBe(expected);
  });

  it("leaves a note with the vote when nobody could say", () => {
    const verdict = decide("approve", makeFacts({ approverRisk: { kind: "unknown", why: "no answer" } }));
    expect(verdict).toMatchObject({ outcome: { vote: { by: APPROVER, unchecked: "no answer" } } });
  });

  it("can't deny, stop or review either", () => {
    const approverRisk: ApproverRisk = { kind: "high-risk" };
    expect(codeOf(decide("deny", makeFacts({ approverRisk })))).toBe("at-risk");
    expect(codeOf(decide("stop", severalOf(makeFacts({ status: "executing", approverRisk }))))).toBe(
      "at-risk",
    );
  });
});

describe("a target that became protected", () => {
  it("makes the request void at the next approval", () => {
    expect(decide("approve", makeFacts({ protection: "protected" }))).toMatchObject({
      allowed: true,
      outcome: { kind: "voided", why: expect.stringContaining("became protected") },
    });
  });

  it("changes nothing where it was protected all along", () => {
    const facts = makeFacts({ protection: "protected", request: { isProtected: true } });
    expect(decide("approve", facts)).toMatchObject({ outcome: { kind: "approved" } });
  });
});

describe("what is approved and held back", () => {
  const held = { code: "paused", why: "zt-bot is paused", since: 1 } as const;
  const waiting: Case = { status: "approved", request: { held } };

  it("may be taken back by who asked and by an approver: it is void, and who approved it stays", () => {
    expect(decide("cancel", makeFacts({ ...waiting, person: { id: REQUESTER } }))).toMatchObject({
      outcome: { kind: "voided", why: expect.stringContaining("The requester cancelled it") },
    });
    expect(decide("deny", makeFacts(waiting))).toMatchObject({
      outcome: { kind: "voided", why: expect.stringContaining("An approver denied it") },
    });
  });

  it("may not be by anybody else, and not by whom it is about", () => {
    expect(codeOf(decide("cancel", makeFacts(waiting)))).toBe("not-the-requester");
    expect(codeOf(decide("deny", makeFacts({ ...waiting, approvers: [] })))).toBe("not-an-approver");
    const target = { email: "mallory@example.com" };
    expect(codeOf(decide("deny", makeFacts({ ...waiting, person: target })))).toBe("target");
  });

  it("is not approved again, and taken back also when it has begun", () => {
    expect(codeOf(decide("approve", makeFacts(waiting)))).toBe("decided");
    const begun: Case = { status: "executing", request: { held } };
    expect(codeOf(decide("deny", makeFacts(begun)))).toBe("allowed");
    expect(codeOf(decide("cancel", makeFacts({ ...begun, person: { id: REQUESTER } })))).toBe("allowed");
    expect(codeOf(decide("deny", makeFacts({ status: "executing" })))).toBe("decided");
  });
});

describe("where Slack says nothing", () => {
  const GROUP = "S0LEADS01";
  const OTHER_GROUP = "S0OTHER01";
  /** Approved by one, who was named by `via` then; the policy names these now. */
  const silent = (
    named: string[],
    { via, ...changes }: Case & { via?: string } = {},
    quorum = 1,
  ): ClickFacts => {
    const facts = makeFacts({ status: "approved", quorum, ...changes });
    const votes = [{ by: APPROVER, at: facts.now, ...(via === undefined ? {} : { via }) }];
    const request = { ...facts.request, votes };
    return { ...facts, request, approvers: namesOf(named), people: new Map(), silence: "Slack: ratelimited" };
  };

  it.each<[string, ClickFacts, string]>([
    ["counts whom the policy names", silent([APPROVER], { via: APPROVER }), "go"],
    ["counts whom it named by a group that it still names", silent([GROUP], { via: GROUP }), "go"],
    ["counts whom it names by now, whatever they counted through", silent([APPROVER], { via: GROUP }), "go"],
    ["counts an older vote of somebody named", silent([APPROVER]), "go"],
    ["waits with one of whom only a group is named by now", silent([GROUP], { via: APPROVER }), "hold"],
    ["waits with one whose group was replaced by another", silent([OTHER_GROUP], { via: GROUP }), "hold"],
    ["waits with an older vote where a group is named", silent([GROUP]), "hold"],
    ["waits with what does not take access away", silent([APPROVER], { isUrgent: false }), "hold"],
    ["drops whom the policy no longer names", silent([SECOND], { via: APPROVER }), "void"],
    ["drops whose group it no longer names", silent([SECOND], { via: GROUP }), "void"],
    ["is void when the policy wants more", silent([APPROVER], { via: APPROVER }, 2), "void"],
    ["is void when the target became protected", silent([APPROVER], { protection: "protected" }), "void"],
  ])("%s", (_what, facts, kind) => {
    expect(judgeExecution(facts).kind).toBe(kind);
  });

  it("goes on with enough that count, whoever else may", () => {
    const facts = silent([APPROVER, GROUP]);
    const votes = [...facts.request.votes, { by: SECOND, at: facts.now }];
    expect(judgeExecution({ ...facts, request: { ...facts.request, votes } }).kind).toBe("go");
  });

  it("leaves a note of it for the record", () => {
    expect(judgeExecution(silent([APPROVER], { protection: "unknown" }))).toMatchObject({
      unchecked: "Slack: ratelimited; protected groups: ratelimited",
    });
  });

  it("never counts somebody whom the policy names neither now by their id nor by what they counted through", () => {
    const ids = fc.constantFrom<string>(APPROVER, SECOND, GROUP, OTHER_GROUP);
    fc.assert(
      fc.property(
        fc.uniqueArray(ids),
        fc.array(fc.record({ by: fc.constantFrom(APPROVER, SECOND), via: fc.option(ids) })),
        (named, cast) => {
          const facts = silent(named);
          const votes = cast.map(({ by, via }) => ({ by, at: facts.now, ...(via === null ? {} : { via }) }));
          const { counting } = countVotes({ ...facts, request: { ...facts.request, votes } });
          for (const { by, via } of counting)
            expect(named.includes(by) || (via !== undefined && named.includes(via))).toBe(true);
          expect(new Set(counting.map(({ by }) => by)).size).toBe(counting.length);
        },
      ),
    );
  });

  it.each<[string, string[], string | undefined, string]>([
    ["goes on for whom the policy names", [APPROVER], undefined, "go"],
    ["goes on for whom it named by a group that it still names", [GROUP], GROUP, "go"],
    ["waits where a group may have them", [GROUP], undefined, "hold"],
    ["is void where they are named no more", [SECOND], GROUP, "void"],
  ])("of what one did alone %s", (_what, named, via, kind) => {
    const facts = silent([]);
    const alone = { by: APPROVER, at: facts.now, reason: "now", ...(via === undefined ? {} : { via }) };
    const request = { ...facts.request, votes: [], breakGlass: alone };
    expect(judgeExecution({ ...facts, request, breakGlass: namesOf(named) }).kind).toBe(kind);
    expect(judgeExecution({ ...facts, request, breakGlass: null }).kind).toBe("void");
  });
});

describe("an approval that has aged", () => {
  const HOUR = 60 * 60_000;
  /** Carol approved 25 hours ago, the others just now. */
  const aged = (fresh: string[], input: Case = {}): ClickFacts => {
    const facts = makeFacts({ approvers: [APPROVER, SECOND], votes: [APPROVER, SECOND], ...input });
    const votes = [
      { by: APPROVER, at: facts.now - 25 * HOUR },
      ...fresh.map((by) => ({ by, at: facts.now })),
    ];
    return { ...facts, request: { ...facts.request, votes } };
  };

  it("makes an approved request void, in words", () => {
    expect(judgeExecution(aged([], { status: "approved" }))).toEqual({
      kind: "void",
      why: "The approval is more than 24 hours old",
      next: "Request it again.",
    });
    expect(judgeExecution(aged([SECOND], { status: "approved", quorum: 2 }))).toMatchObject({
      kind: "void",
      why: "1 approval of 2 is more than 24 hours old",
    });
  });

  it("makes void what one person did alone and what waits in silence, too", () => {
    const facts = makeFacts({ status: "approved", breakGlass: [APPROVER] });
    const breakGlass = { by: APPROVER, at: facts.now - 25 * HOUR, reason: "now" };
    expect(judgeExecution({ ...facts, request: { ...facts.request, breakGlass } })).toMatchObject({
      why: "Carol used break-glass more than 24 hours ago",
    });
    expect(judgeExecution({ ...aged([], { status: "approved" }), silence: "Slack: down" }).kind).toBe("void");
  });

  it("counts up to the bound", () => {
    const facts = aged([], { status: "approved" });
    expect(judgeExecution({ ...facts, maxAgeMs: 25 * HOUR }).kind).toBe("go");
    expect(judgeExecution({ ...facts, maxAgeMs: 25 * HOUR - 1 }).kind).toBe("void");
  });

  it("may be given again while the request waits, and counts once", () => {
    const again = decide("approve", aged([], { quorum: 2 }));
    expect(again).toMatchObject({ outcome: { kind: "voted", counting: 1 } });
    expect(decide("approve", aged([SECOND], { quorum: 2 }))).toMatchObject({
      outcome: { kind: "approved", counting: 2 },
    });
    expect(codeOf(decide("approve", aged([APPROVER], { quorum: 2 })))).toBe("already-voted");
    expect(countVotes(aged([APPROVER])).counting).toHaveLength(1);
  });

  it("counts of each person at most the newest vote, and none that is older than the bound", () => {
    const votes = fc.array(
      fc.record({ by: fc.constantFrom(APPROVER, SECOND), age: fc.integer({ min: 0, max: 48 }) }),
    );
    fc.assert(
      fc.property(votes, (cast) => {
        const facts = makeFacts({ approvers: [APPROVER, SECOND], votes: [APPROVER, SECOND] });
        const given = cast
          .toSorted((one, other) => other.age - one.age)
          .map(({ by, age }) => ({ by, at: facts.now - age * HOUR }));
        const { counting } = countVotes({ ...facts, request: { ...facts.request, votes: given } });
        const expected = [APPROVER, SECOND].filter((id) =>
          given.some(({ by, at }) => by === id && facts.now - at <= MAX_AGE),
        );
        expect(counting.map(({ by }) => by).toSorted()).toEqual(expected.toSorted());
      }),
    );
  });
});

describe("who may act alone", () => {
  const member: Case = { breakGlass: [APPROVER], approvers: [] };
  it.each<[string, Case, string]>([
    ["a member", {}, "allowed"],
    ["a member who asked for it", { person: { id: REQUESTER }, breakGlass: [REQUESTER] }, "allowed"],
    ["nobody where it is off", { breakGlass: null }, "no-break-glass"],
    ["nobody else, also an approver", { breakGlass: [SECOND], approvers: [APPROVER] }, "no-break-glass"],
    ["nobody for what gives access back", { access: "gives" }, "no-break-glass"],
    ["nobody for what changes a user", { access: "keeps" }, "no-break-glass"],
    ["not whom it is about", { person: { email: "mallory@example.com" } }, "target"],
    ["not who has no address", { person: { email: null } }, "unknown-person"],
    ["not a guest", { person: { isGuest: true } }, "stranger"],
    ["not who is high-risk", { approverRisk: { kind: "high-risk" } }, "at-risk"],
    [
      "who can't be checked, as it takes access away",
      { approverRisk: { kind: "unknown", why: "x" } },
      "allowed",
    ],
    ["not again before the last time was reviewed", { unreviewed: "ZT-1234567" }, "acted-alone"],
    ["not once it is decided", { status: "approved" }, "decided"],
    ["not once it has expired", { left: 0 }, "expired"],
  ])("%s", (_who, input, expected) => {
    expect(codeOf(decide("break-glass", makeFacts({ ...member, ...input })))).toBe(expected);
  });

  it("nobody for several users at once", () => {
    expect(codeOf(decide("break-glass", severalOf(makeFacts(member))))).toBe("no-break-glass");
  });
});

describe("who may review what was done alone", () => {
  const done = {
    status: "succeeded" as const,
    request: { breakGlass: { by: SECOND, at: 1, reason: "now" } },
  };
  it.each<[string, Case, string]>([
    ["an approver", {}, "allowed"],
    ["not who did it", { request: { breakGlass: { by: APPROVER, at: 1, reason: "now" } } }, "acted-alone"],
    ["not who asked", { person: { id: REQUESTER }, approvers: [REQUESTER] }, "requester"],
    ["not whom it is about", { person: { email: "mallory@example.com" } }, "target"],
    ["nobody else", { approvers: [] }, "not-an-approver"],
    ["nobody where nobody acted alone", { request: {} }, "not-reviewable"],
    [
      "nobody a second time",
      {
        request: {
          ...done.request,
          review: { by: "U0DAVE001", at: 2, verdict: "justified", note: "" },
        },
      },
      "not-reviewable",
    ],
    ["while it is carried out", { status: "executing" }, "allowed"],
  ])("%s", (_who, input, expected) => {
    expect(codeOf(decide("review", makeFacts({ ...done, ...input })))).toBe(expected);
  });
});

describe("before it is carried out", () => {
  const approved: Case = { status: "approved", votes: [APPROVER, SECOND], approvers: BOTH, quorum: 2 };
  const approvedAt = makeRequest({ status: "approved" }).createdAt;

  it("goes on with votes that still count", () => {
    expect(judgeExecution(makeFacts({ ...approved, clickerId: "U0NONE001" }))).toMatchObject({ kind: "go" });
  });

  it.each<[string, Case, string]>([
    ["an approver was removed", { approvers: [APPROVER] }, "is no longer an approver"],
    ["an approver was deactivated", { person: { isDeactivated: true } }, "is deactivated"],
    ["an approver became a guest", { person: { isGuest: true } }, "is no longer a full member"],
    ["an approver became high-risk", { approverRisk: { kind: "high-risk" } }, "is now at high risk"],
    ["an approver was revoked", { approverRisk: { kind: "revoked", at: 1 } }, "had their own access revoked"],
    ["the policy wants more by now", { quorum: 3 }, "3 approvals are needed now, and only 2 still count"],
    ["the target became protected", { protection: "protected" }, "became protected"],
  ])("is void when %s", (_what, input, why) => {
    expect(judgeExecution(makeFacts({ ...approved, ...input }))).toMatchObject({
      kind: "void",
      why: expect.stringContaining(why),
    });
  });

  it.each<[string, Case, string]>([
    ["holds what is not urgent", { isUrgent: false }, "hold"],
    ["lets what is urgent go on, and notes it", {}, "go"],
    [
      "changes nothing where it was asked for as protected",
      { isUrgent: false, request: { isProtected: true } },
      "go",
    ],
  ])("where nobody can say whether the target is protected %s", (_what, input, kind) => {
    const verdict = judgeExecution(makeFacts({ ...approved, protection: "unknown", ...input }));
    expect(verdict.kind).toBe(kind);
    if (verdict.kind === "go") expect(verdict.unchecked).toBe("protected groups: ratelimited");
    if (verdict.kind === "hold") expect(verdict.why).toContain("protected groups");
  });

  it("judges one of several by what is known of that one alone", () => {
    const facts = severalOf(makeFacts(approved));
    const of = new Map([...facts.protection.of, [OTHER.email.toLowerCase(), "protected" as const]]);
    const some: Facts = { ...facts, protection: { ...facts.protection, of } };
    expect(judgeExecution(some, [some.request.plan.target]).kind).toBe("go");
    expect(judgeExecution(some, [OTHER]).kind).toBe("void");
    expect(judgeExecution(some).kind).toBe("void");
  });

  it("waits where nobody can say whether an approver is at risk, unless it takes access away", () => {
    const unknown: Case = { ...approved, approverRisk: { kind: "unknown", why: "no answer" } };
    expect(judgeExecution(makeFacts({ ...unknown, isUrgent: false }))).toMatchObject({ kind: "hold" });
    expect(judgeExecution(makeFacts(unknown))).toMatchObject({ kind: "go" });
  });

  it("is void where the policy asks for codes that the approvals came without", () => {
    const without = judgeExecution(makeFacts({ ...approved, takesCode: true }));
    expect(without).toMatchObject({
      kind: "void",
      why: expect.stringContaining("approved without the code that the policy asks for now"),
    });
    const facts = makeFacts({ ...approved, takesCode: true });
    const votes = facts.request.votes.map((vote) => ({ ...vote, stepUp: "a1" }));
    expect(judgeExecution({ ...facts, request: { ...facts.request, votes } })).toMatchObject({ kind: "go" });
    // Also where Slack can't say who is who.
    expect(judgeExecution({ ...facts, silence: "ratelimited" })).toMatchObject({ kind: "void" });
  });

  it("is void for who acted alone without the code that the policy asks for now", () => {
    const used = { by: APPROVER, at: approvedAt, reason: "now" };
    const judge = (breakGlass: Request["breakGlass"]) =>
      judgeExecution(
        makeFacts({ status: "approved", breakGlass: [APPROVER], takesCode: true, request: { breakGlass } }),
      );
    expect(judge(used)).toMatchObject({ kind: "void", why: expect.stringContaining("without the code") });
    expect(judge({ ...used, stepUp: "a1" })).toMatchObject({ kind: "go" });
  });

  it("goes on for who acted alone as long as they may", () => {
    const alone: Case = {
      status: "approved",
      request: { breakGlass: { by: APPROVER, at: approvedAt, reason: "now" } },
    };
    expect(judgeExecution(makeFacts({ ...alone, breakGlass: [APPROVER] }))).toMatchObject({ kind: "go" });
    expect(judgeExecution(makeFacts({ ...alone, breakGlass: [] }))).toMatchObject({ kind: "void" });
    expect(judgeExecution(makeFacts({ ...alone, breakGlass: null }))).toMatchObject({ kind: "void" });
    const revoked: Case = { ...alone, breakGlass: [APPROVER], approverRisk: { kind: "revoked", at: 1 } };
    expect(judgeExecution(makeFacts(revoked))).toMatchObject({ kind: "void" });
  });
});

describe("what takes a code", () => {
  it.each<[string, ClickFacts["code"], string]>([
    ["without a code", undefined, "no-code"],
    ["with a code", { authenticator: "a1" }, "allowed"],
    ["before the form that asks for it opens", "later", "allowed"],
  ])("is approved, and done alone, %s: %s", (_what, code, expected) => {
    const facts: Case = { takesCode: true, breakGlass: [APPROVER], code };
    expect(codeOf(decide("approve", makeFacts(facts)))).toBe(expected);
    expect(codeOf(decide("break-glass", makeFacts(facts)))).toBe(expected);
    for (const click of ["deny"] as const) expect(codeOf(decide(click, makeFacts(facts)))).toBe("allowed");
  });

  it("no vote without a code ever makes up the number, in whatever mix", () => {
    const voters = ["U0A", "U0B", "U0C", "U0D"];
    const vote = fc.record({ by: fc.constantFrom(...voters), hasCode: fc.boolean() });
    fc.assert(
      fc.property(fc.array(vote, { maxLength: 8 }), (given) => {
        const facts = makeFacts({ takesCode: true, quorum: 2, approvers: voters, votes: voters });
        const at = facts.request.createdAt;
        const votes = given.map(({ by, hasCode }) => ({ by, at, ...(hasCode ? { stepUp: "a1" } : {}) }));
        const { counting } = countVotes({ ...facts, request: { ...facts.request, votes } });
        // Of each person the newest vote alone.
        const expected = voters.filter((by) => given.findLast((one) => one.by === by)?.hasCode === true);
        expect(counting.map(({ by }) => by).toSorted()).toEqual(expected);
      }),
    );
  });

  it("the vote names the authenticator", () => {
    const verdict = decide("approve", makeFacts({ takesCode: true, code: { authenticator: "a1" } }));
    expect(verdict).toMatchObject({ outcome: { kind: "approved", vote: { stepUp: "a1" } } });
  });
});
