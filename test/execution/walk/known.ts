import { BERT, IDS, type Move, type Start, type Turn } from "./moves.ts";

/** Walks that found something once: they are made first, each time. */
const fine = { flaw: "none", approverRisk: "fine" } as const;

function startWith(kind: Start["kind"]): Start {
  return {
    kind,
    people: Object.fromEntries(IDS.map((id) => [id, fine])),
    policy: { approvers: [...IDS], quorum: 1, protects: [], checksRisk: false },
    isProtected: false,
    lagMs: 0,
    isApproved: true,
  };
}

function execute(turn: Partial<Turn> = {}): Move {
  return { kind: "execute", turns: [{ isForced: false, skewMs: 0, fates: [], during: null, ...turn }] };
}

export const KNOWN: [Start, Move[]][] = [
  // Frozen for almost as long as its lease, it gave a permit, was taken over from, and sent beside the other.
  [
    startWith("revoke"),
    [
      execute({
        fates: [
          { kind: "freeze", step: 1 },
          { kind: "freeze", step: 9 },
        ],
      }),
      { kind: "wait", ms: 29_959 },
      { kind: "thaw" },
      execute({ skewMs: 42, fates: [{ kind: "kill", step: 2 }] }),
      { kind: "thaw" },
    ],
  ],
  // Stopped while a call was under way that was not sent in the end: it went round in circles.
  [
    startWith("revoke"),
    [execute({ during: { step: 9, events: [{ kind: "wait", ms: 5300 }, { kind: "stop" }] } })],
  ],
  // What came of the call could not be seen, and the card said that nothing was done.
  [
    startWith("rename"),
    [
      { kind: "write answers", answers: ["lost done"] },
      execute({ fates: [{ kind: "kill", step: 18 }] }),
      { kind: "user", position: 0, what: "gone" },
      { kind: "lapse" },
    ],
  ],
  // Frozen between two answers of Slack, it took who had answered first for known just now.
  [
    { ...startWith("revoke"), policy: { approvers: [...IDS], quorum: 2, protects: [], checksRisk: true } },
    [
      execute({ fates: [{ kind: "freeze", step: 9 }] }),
      { kind: "person", who: BERT, someone: { flaw: "deactivated", approverRisk: "fine" } },
      { kind: "lapse" },
      { kind: "thaw" },
    ],
  ],
];
