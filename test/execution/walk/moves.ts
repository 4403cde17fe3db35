import fc from "fast-check";

import type { Decision } from "../../../src/approvals/click.ts";
import type { ApproverRisk } from "../../../src/approvals/eligibility.ts";
import { READ_ANSWERS, WRITE_ANSWERS, type ReadAnswer, type WriteAnswer } from "./fake-cloudflare.ts";
import type { Fate } from "./gate.ts";

export const HOME = "T0HOME";
export const IDS = ["U0ASKER01", "U0TARGET1", "U0ANNA001", "U0BERT001", "U0CLEO001", "U0DORA001"] as const;
export const [ASKER, TARGET, ANNA, BERT] = IDS;

/** Somebody as Slack and Cloudflare have them at the moment. */
export interface Someone {
  flaw: "none" | "deactivated" | "guest" | "foreign" | "bot" | "unknown" | "no-address";
  approverRisk: ApproverRisk["kind"];
}

export interface PolicyNow {
  approvers: readonly string[];
  quorum: number;
  /** Which of the request's users are protected, by their place. */
  protects: readonly number[];
  checksRisk: boolean;
}

export const KINDS = ["revoke", "revoke with devices", "revoke three", "rename", "delete"] as const;
export type Kind = (typeof KINDS)[number];

export interface Start {
  kind: Kind;
  people: Record<string, Someone>;
  policy: PolicyNow;
  /** It was asked for as one about somebody protected. */
  isProtected: boolean;
  lagMs: number;
  /** Enough people agree at once, so that the walk begins where most can go wrong. */
  isApproved: boolean;
}

/** What happens in one moment. */
export type Event =
  | { kind: "click"; who: string; what: Decision; teamId: string }
  | { kind: "person"; who: string; someone: Someone }
  | { kind: "policy"; change: Partial<PolicyNow> }
  | { kind: "pause"; isOn: boolean }
  | { kind: "stop" }
  | { kind: "wait"; ms: number }
  /** Somebody else changes the user at Cloudflare, or they log in again. */
  | { kind: "user"; position: number; what: "gone" | "other address" | "logs in" }
  | { kind: "write answers"; answers: WriteAnswer[] }
  | { kind: "read answers"; answers: ReadAnswer[] }
  /** The next questions to Slack: answered or not. */
  | { kind: "slack"; answers: boolean[] };

/** One replica looks for work, with its own clock, and what befalls it meanwhile. */
export interface Turn {
  isForced: boolean;
  skewMs: number;
  fates: Fate[];
  during: { step: number; events: Event[] } | null;
}

export type Move =
  | Event
  | { kind: "several clicks"; who: string[]; what: Decision }
  | { kind: "execute"; turns: Turn[] }
  /** A process that stood still goes on. */
  | { kind: "thaw" }
  /** Time enough for a lease to run out. */
  | { kind: "lapse" };

const who = fc.constantFrom(...IDS);
const someone: fc.Arbitrary<Someone> = fc.record({
  flaw: fc.oneof(
    { weight: 6, arbitrary: fc.constant("none" as const) },
    fc.constantFrom("deactivated", "guest", "foreign", "bot", "unknown", "no-address"),
  ),
  approverRisk: fc.oneof(
    { weight: 5, arbitrary: fc.constant("fine" as const) },
    fc.constantFrom("high-risk", "revoked", "unknown"),
  ),
});
const approvers = fc.oneof(
  { weight: 3, arbitrary: fc.constant([...IDS]) },
  { weight: 2, arbitrary: fc.uniqueArray(who, { minLength: 1 }) },
);
const quorum = fc.oneof(
  { weight: 2, arbitrary: fc.constant(1) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) },
);
const protects = fc.oneof(
  { weight: 4, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.uniqueArray(fc.integer({ min: 0, max: 2 })) },
);
// Mostly approvals: a request that is denied at once shows little.
const decision = fc.oneof(
  { weight: 10, arbitrary: fc.constant("approve" as const) },
  fc.constantFrom("deny" as const, "cancel" as const),
);
const teamId = fc.oneof({ weight: 12, arbitrary: fc.constant(HOME) }, fc.constant("T0OTHER"));
const ms = fc.oneof(
  fc.integer({ min: 1, max: 4000 }),
  fc.integer({ min: 4000, max: 20_000 }),
  fc.integer({ min: 20_000, max: 180_000 }),
  { weight: 1, arbitrary: fc.integer({ min: 180_000, max: 26 * 3_600_000 }) },
);
const readAnswer = fc.oneof(
  { weight: 2, arbitrary: fc.constant("ok" as const) },
  fc.constantFrom(...READ_ANSWERS),
);
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("click"), who, what: decision, teamId }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("person"), who, someone }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("policy"),
      change: fc.record({ approvers, quorum, protects, checksRisk: fc.boolean() }, { requiredKeys: [] }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("pause"), isOn: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("stop") }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("wait"), ms }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("user"),
      position: fc.integer({ min: 0, max: 2 }),
      what: fc.constantFrom("gone", "other address", "logs in", "logs in"),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("write answers"),
      answers: fc.array(fc.constantFrom(...WRITE_ANSWERS), { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("read answers"),
      answers: fc.oneof(
        { weight: 6, arbitrary: fc.array(readAnswer, { minLength: 1, maxLength: 8 }) },
        { weight: 1, arbitrary: readAnswer.map((answer) => Array<ReadAnswer>(30).fill(answer)) },
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("slack"),
      answers: fc.array(fc.boolean(), { minLength: 1, maxLength: 10 }),
    }),
  },
);

/** What matters most between two steps of one process. */
const sudden = fc.oneof(
  { weight: 3, arbitrary: event },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("pause"), isOn: fc.constant(true) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("stop") }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("policy"),
      change: fc.record(
        { approvers: fc.constant([ASKER]), protects: fc.constant([0, 1, 2]) },
        { requiredKeys: [] },
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("wait"), ms: fc.integer({ min: 5300, max: 40_000 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("person"),
      who: fc.constantFrom(...IDS.slice(2)),
      someone: fc.constant({ flaw: "deactivated", approverRisk: "fine" }),
    }),
  },
);
// One person's way takes about fifteen.
const step = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 18 }) },
  fc.integer({ min: 18, max: 50 }),
);
const fate: fc.Arbitrary<Fate> = fc.record({ kind: fc.constantFrom("kill", "freeze", "freeze"), step });
const turn: fc.Arbitrary<Turn> = fc.record({
  isForced: fc.boolean(),
  skewMs: fc.integer({ min: -100, max: 100 }),
  fates: fc.oneof(fc.constant<Fate[]>([]), fc.array(fate, { minLength: 1, maxLength: 3 })),
  during: fc.option(fc.record({ step, events: fc.array(sudden, { minLength: 1, maxLength: 3 }) }), {
    freq: 2,
  }),
});

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 9, arbitrary: event },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("several clicks"),
      who: fc.uniqueArray(who, { minLength: 2, maxLength: 4 }),
      what: decision,
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("execute"),
      turns: fc.array(turn, { minLength: 1, maxLength: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("thaw") }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("lapse") }) },
);

export const start: fc.Arbitrary<Start> = fc.record({
  kind: fc.constantFrom(...KINDS),
  people: fc.record(Object.fromEntries(IDS.map((id) => [id, someone]))),
  policy: fc.record({ approvers, quorum, protects: fc.constant([]), checksRisk: fc.boolean() }),
  isProtected: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.constant(true)),
  lagMs: fc.constantFrom(0, 0, 30_000),
  isApproved: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
});

export const moves = fc.array(move, { minLength: 3, maxLength: 30 });
