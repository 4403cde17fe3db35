import type { TimelineRow } from "../../../../src/lookup/timeline/merge.ts";
import type { Message } from "../../../../src/views/blocks.ts";
import { pageOf } from "../../../../src/views/list.ts";
import { TIMELINE_PAGE, timelineMessage } from "../../../../src/views/look-ups/timeline.ts";
import { ALICE, BOB, HOUR, LINK, MINUTE, NOW } from "../../story.ts";

const who = "Mallory Archer";
const ID = "INC-7K3M2";

const base = (minutes: number) => ({ at: NOW - minutes * MINUTE, key: String(minutes) });
const signIn = (
  minutes: number,
  allowed: boolean | null,
  app: string | null,
  ip: string | null,
): TimelineRow => ({
  kind: "sign-in",
  ...base(minutes),
  who,
  allowed,
  action: null,
  app,
  ip,
});
const request = (
  minutes: number,
  actor: string,
  event: string,
  data: Record<string, unknown> = {},
): TimelineRow => ({
  kind: "request",
  ...base(minutes),
  actor,
  requestId: "ZT-7K3M2QF",
  label: "Revoke sessions",
  target: "mallory@example.com",
  targets: 2,
  event,
  data,
});
const note = (
  minutes: number,
  words: string,
  author: string | null = null,
  state: "edited" | "deleted" | "withdrawn" | null = null,
): TimelineRow => ({
  kind: "note",
  ...base(minutes),
  actor: ALICE,
  incidentId: ID,
  note: words,
  author,
  state,
});
const change = (minutes: number, event: string, data: Record<string, unknown> = {}): TimelineRow => ({
  kind: "incident",
  ...base(minutes),
  actor: event.endsWith("contained") ? "zt-bot" : ALICE,
  incidentId: ID,
  event: `incident.${event}`,
  data,
});

const STORY: readonly TimelineRow[] = [
  change(1, "closed"),
  change(2, "contained"),
  request(3, "zt-bot", "request.succeeded", {
    verification: { confirmed: true, summary: "Revoked 3 sessions" },
  }),
  request(5, BOB, "request.approved"),
  request(8, ALICE, "request.created", { reason: "laptop *stolen* <!here>" }),
  note(9, "called her, it was not her\nsecond line", BOB),
  note(9, "laptop found", null, "edited"),
  note(9, "laptop lost", null, "withdrawn"),
  note(9, "laptop stolen", null, "deleted"),
  change(10, "assigned", { owner: BOB }),
  change(11, "opened"),
  {
    kind: "risk",
    ...base(12),
    who,
    event: { id: "1", name: "Impossible travel", level: "high", at: NOW, details: null },
  },
  signIn(20, true, "payroll.example.com", "203.0.113.199"),
  {
    kind: "burst",
    ...base(21),
    from: NOW - 25 * MINUTE,
    who,
    count: 17,
    apps: ["payroll.example.com", "vpn.example.com"],
    ip: "203.0.113.199",
  },
  signIn(40, false, "vpn.example.com", null),
  signIn(50, null, null, null),
];

const shown = (rows: readonly TimelineRow[], page = 1) => ({
  of: `${ID} (Phishing wave)`,
  window: { since: NOW - 24 * HOUR, until: NOW },
  page: pageOf(rows, page, TIMELINE_PAGE),
  missing: [],
  isFolded: true,
  linkOf: () => LINK,
  params: { incident: ID },
  now: NOW,
});

export const TIMELINES: Record<string, Message> = {
  timeline: timelineMessage(shown(STORY)),
  "timeline-second-page": timelineMessage({
    ...shown(
      Array.from({ length: 70 }, (_, index) => signIn(index, true, `app-${index}.example.com`, "192.0.2.44")),
      2,
    ),
    isFolded: null,
  }),
  "timeline-half-unknown": timelineMessage({
    ...shown(STORY.slice(0, 2)),
    missing: [
      {
        what: "sign-ins",
        who: [who, "Dana"],
        is: { kind: "unknown", why: "Cloudflare returned an error (502)" },
      },
      { what: "risk events", who: null, is: { kind: "unknown", why: "Cloudflare did not answer in time" } },
      { what: "sign-ins", who: ["Erin"], is: { kind: "before", before: NOW - 7 * HOUR, why: "too-many" } },
      { what: "sign-ins", who: null, is: { kind: "before", before: NOW - HOUR, why: "too-long-ago" } },
      { what: "sign-ins", who: [who], is: { kind: "undated", count: 2 } },
      { what: "notes", who: null, is: { kind: "hidden" } },
    ],
  }),
  "timeline-none": timelineMessage({ ...shown([]), of: who, isFolded: null }),
  "timeline-all-unknown": timelineMessage({
    ...shown([]),
    of: who,
    isFolded: null,
    missing: [{ what: "sign-ins", who: [who], is: { kind: "unknown", why: "Cloudflare can't be reached" } }],
  }),
};
