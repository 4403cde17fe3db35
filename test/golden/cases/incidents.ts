import type { IncidentFacts } from "../../../src/incidents/facts.ts";
import type { Request } from "../../../src/requests/request.ts";
import type { Message } from "../../../src/views/blocks.ts";
import {
  changedAnswer,
  elsewhereLine,
  closedText,
  incidentList,
  threadTrouble,
  troubleNotice,
} from "../../../src/views/incident/answers.ts";
import { addToIncidentModal, noteModal, openIncidentModal } from "../../../src/views/incident/forms.ts";
import { confirmClose, incidentHead } from "../../../src/views/incident/head.ts";
import { elsewhereReply, eventReply, noteReply, requestReply } from "../../../src/views/incident/thread.ts";
import { snapshotReply, snapshotsReply } from "../../../src/views/incident/snapshot.ts";
import { ALICE, BOB, CALM, LINK as CARD, MINUTE, NOW, request, TAKEN_OVER, VERIFIED } from "../story.ts";
import {
  CLEAN,
  DANA,
  FACTS,
  FRANK,
  GRACE,
  HEIDI,
  ID,
  INCIDENT,
  LINK,
  MALLORY,
  person,
} from "./incident-people.ts";
import { INCIDENT_STORY } from "./incident-story.ts";

const head = (facts: IncidentFacts, threadLink: string | null = null): Message =>
  incidentHead({ facts, now: NOW, linkOf: () => CARD, threadLink });

const IVAN = person("Ivan", { ...CLEAN, sessions: { value: [NOW - 60 * MINUTE] } }, []);
const NO_RISK_READ = { ...CALM, risk: { ok: false, reason: "Cloudflare returned an error (502)" } } as const;

const at = { actor: ALICE, at: NOW };
const line = (event: string, about: Request, link: string | null = CARD) =>
  requestReply({
    reply: { kind: "request", requestId: "ZT-7K3M2QF", event, ...at },
    request: about,
    headline: "Revoke all sessions of mallory@example.com",
    link,
  });

const BACK = {
  id: "a1b2c3d4-0000-4000-8000-000000000001",
  email: "mallory@example.com",
  name: "Mallory Archer",
  since: NOW,
};

/** An incident: its head, its thread, and what `/zt incident` answers. */
export const INCIDENTS = {
  ...INCIDENT_STORY,
  "head-back": head(FACTS),
  "head-just-opened": head({
    ...FACTS,
    incident: INCIDENT,
    people: [person("Mallory Archer", null, [])],
    requests: [],
  }),
  "head-contained": head({
    ...FACTS,
    incident: { ...INCIDENT, firstContainedAt: NOW - 29 * MINUTE, containedAt: NOW - 28 * MINUTE },
    people: [FRANK],
    requests: [],
    isContained: true,
  }),
  "head-idp-unknown": head({ ...FACTS, people: [GRACE, HEIDI], requests: [], isContained: true }),
  "head-unenforced": head({
    ...FACTS,
    people: [person("Judy", { ...CLEAN, blocked: { value: false, isUnenforced: true } }, [])],
    requests: [],
    isContained: true,
  }),
  "head-many-open": head({
    ...FACTS,
    people: [
      GRACE,
      ...Array.from({ length: 7 }, (_, n) => ({ ...DANA, person: { ...DANA.person, addedAt: n } })),
      IVAN,
      MALLORY,
    ],
    requests: [],
  }),
  "head-closed": head({
    ...FACTS,
    incident: { ...INCIDENT, status: "closed", closed: { by: BOB, at: NOW }, owner: null },
    requests: [],
  }),
  "shown-while-not-in-slack": head(
    { ...FACTS, thread: { channel: "C0INCIDN7", ts: null, trouble: { code: "not_in_channel", since: NOW } } },
    LINK,
  ),
  "close-with-gaps": confirmClose(
    ID,
    {
      named: [
        "Mallory Archer: signed in again after the revocation",
        "Mallory Archer: 1 session open",
        "Erin (erin@example.com): sessions unknown",
        "Frank: not read in the last 5 minutes",
      ],
      digest: "0123456789abcdef",
    },
    [],
  ),
  "close-with-a-request": confirmClose(ID, { named: ["Dana: 1 session open"], digest: "0123456789abcdef" }, [
    "Revoke all sessions of dana@example.com",
  ]),
  "closed-with-a-request": changedAnswer(
    INCIDENT,
    closedText({ incident: INCIDENT, closedWith: 1, requests: ["Revoke all sessions of dana@example.com"] }),
    { link: LINK, trouble: null },
  ),
  snapshot: snapshotReply(TAKEN_OVER, false),
  "snapshots-of-many": snapshotsReply([CALM, NO_RISK_READ, TAKEN_OVER]),
  "request-created": line("request.created", request("pending"), null),
  "request-approved": line("request.approved", request("approved")),
  "request-denied": line(
    "request.denied",
    request("denied", { decidedBy: ALICE, decisionReason: "not her" }),
  ),
  "request-verified": line("request.succeeded", request("succeeded", { result: { verification: VERIFIED } })),
  "request-failed": line(
    "request.failed",
    request("failed", {
      result: { failure: { why: "Cloudflare returned an error (502)", next: "Try again." } },
    }),
  ),
  "request-unproven": line("request.unproven", request("approved")),
  ...Object.fromEntries(
    (["justified", "not-justified"] as const).map((verdict) => [
      `request-reviewed-${verdict}`,
      line("request.reviewed", request("succeeded", { review: { by: ALICE, at: NOW, verdict, note: "" } })),
    ]),
  ),
  "request-reviewed-with-a-note": line(
    "request.reviewed",
    request("succeeded", {
      review: { by: ALICE, at: NOW, verdict: "not-justified", note: "Carol was awake." },
    }),
  ),
  "request-of-a-newer-version": line("request.foreseen", request("succeeded")),
  note: noteReply({ kind: "note", event: "incident.noted", note: "Called her.\nIt was *not* her.", ...at }),
  "note-of-a-message": noteReply({
    kind: "note",
    event: "incident.noted",
    note: "She answered the phone",
    author: BOB,
    link: LINK,
    ...at,
  }),
  ...Object.fromEntries(
    (["edited", "deleted", "withdrawn"] as const).flatMap((state) => {
      const note = { kind: "note", event: "incident.noted", note: "Called her.\nIt was *not* her." } as const;
      return [
        [`note-${state}`, noteReply({ ...note, author: BOB, link: LINK, state, ...at })],
        [`note-said-here-${state}`, noteReply({ ...note, isHere: true, state, ...at })],
      ];
    }),
  ),
  "note-said-here": noteReply({ kind: "note", event: "incident.noted", note: "x", isHere: true, ...at }),
  assigned: eventReply({ kind: "event", event: "incident.assigned", owner: BOB, ...at }),
  "taken-over": eventReply({ kind: "event", event: "incident.assigned", owner: ALICE, ...at }),
  severity: eventReply({ kind: "event", event: "incident.severity", severity: 1, ...at }),
  added: eventReply({
    kind: "event",
    event: "incident.added",
    people: ["dana@example.com"],
    named: ["Dana <Kerr>"],
    ...at,
  }),
  "added-many": eventReply({
    kind: "event",
    event: "incident.added",
    people: [],
    named: Array.from({ length: 23 }, (_, n) => `Person ${n} (person-${n}@example.com)`),
    ...at,
  }),
  // As it was kept before names were.
  removed: eventReply({ kind: "event", event: "incident.removed", people: ["dana@example.com"], ...at }),
  "idp-disabled": eventReply({
    kind: "event",
    event: "incident.idp-disabled",
    people: ["dana@example.com"],
    named: ["Dana Kerr"],
    ...at,
  }),
  "idp-not-disabled": eventReply({
    kind: "event",
    event: "incident.idp-not-disabled",
    people: ["dana@example.com"],
    ...at,
  }),
  "block-ended": line("block.ended", request("succeeded")),
  back: eventReply({ kind: "event", event: "incident.back", back: BACK, named: ["Mallory Archer"], ...at }),
  "back-from-somewhere": eventReply({
    kind: "event",
    event: "incident.back",
    back: {
      ...BACK,
      from: { ip: "203.0.113.199", country: "BR", apps: ["Payroll"] },
      ask: [ALICE, BOB],
      isBlocked: true,
    },
    named: ["Mallory Archer"],
    ...at,
  }),
  "back-though-blocked": eventReply({
    kind: "event",
    event: "incident.back",
    back: { ...BACK, isBlocked: true },
    named: ["Mallory Archer"],
    ...at,
  }),
  contained: eventReply({ kind: "event", event: "incident.contained", ...at }),
  "not-contained": eventReply({ kind: "event", event: "incident.not-contained", ...at }),
  closed: eventReply({ kind: "event", event: "incident.closed", gaps: [], ...at }),
  "closed-with-gaps": eventReply({
    kind: "event",
    event: "incident.closed",
    gaps: ["erin@example.com: sessions unknown"],
    named: ["Erin Vale: sessions unknown"],
    ...at,
  }),
  "note-long": noteReply({ kind: "note", event: "incident.noted", note: "&".repeat(2000), ...at }),
  "note-cut": noteReply({
    kind: "note",
    event: "incident.noted",
    note: `${"A long message. ".repeat(130).slice(0, 1999)}…`,
    author: BOB,
    link: LINK,
    ...at,
  }),
  "also-elsewhere": elsewhereReply(
    {
      kind: "elsewhere",
      others: [
        { id: "INC-9QX4D", named: ["Mallory Archer"] },
        { id: "INC-2M8TX", named: Array.from({ length: 7 }, (_, n) => `Person ${n}`) },
      ],
    },
    (id) => (id === "INC-9QX4D" ? LINK : null),
  ),
  reopened: eventReply({ kind: "event", event: "incident.reopened", ...at }),
  "answer-opened": changedAnswer(INCIDENT, `🔴 Opened *${ID} (Phishing wave)*`, {
    link: LINK,
    trouble: null,
  }),
  "answer-opened-elsewhere-too": changedAnswer(
    INCIDENT,
    `🔴 Opened *${ID} (Phishing wave)*`,
    { link: LINK, trouble: null },
    [elsewhereLine({ id: "INC-9QX4D", title: "Odd sign-ins", named: ["Mallory Archer", "Dana"] }, LINK)],
  ),
  "notice-not-in-channel": troubleNotice(INCIDENT, { code: "not_in_channel", since: NOW }, null),
  "notice-over": troubleNotice(INCIDENT, null, LINK),
  "head-instead": incidentHead({ facts: FACTS, now: NOW, linkOf: () => CARD, isInstead: true }),
  "answer-not-in-slack": changedAnswer(INCIDENT, `🔴 Opened *${ID} (Phishing wave)*`, {
    link: null,
    trouble: threadTrouble("not_in_channel"),
  }),
  list: incidentList(
    [INCIDENT],
    [{ ...INCIDENT, id: "INC-00001", status: "closed", closed: { by: BOB, at: NOW } }],
  ),
  "list-empty": incidentList([], []),
  which: incidentList([INCIDENT], [], `Which incident? Add its id, such as /zt incident close ${ID}`),
  "form-open": openIncidentModal({
    channelId: "C0INCIDN7",
    people: "mallory@example.com",
    title: "Phishing wave",
  }),
  "form-note": noteModal(INCIDENT),
  "form-add": addToIncidentModal({
    incidents: [INCIDENT],
    source: { channel: "C0SECURE1", ts: "1.1", author: BOB },
    text: "She answered the phone",
  }),
};
