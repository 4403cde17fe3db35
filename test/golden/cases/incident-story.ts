import { tellStory, type StoryFacts } from "../../../src/incidents/summary/story.ts";
import type { IncidentEntry } from "../../../src/incidents/incident.ts";
import type { Request } from "../../../src/requests/request.ts";
import { incidentPicture } from "../../../src/views/incident/picture.ts";
import { incidentSummary } from "../../../src/views/incident/summary.ts";
import { canvasReply } from "../../../src/views/incident/thread.ts";
import { makeUser } from "../../views/support.ts";
import { ALICE, BOB, HOUR, LINK as CARD, MINUTE, NOW, request, VERIFIED } from "../story.ts";
import { CLEAN, DANA, ERIN, FACTS, FRANK, INCIDENT, LINK, MALLORY, person } from "./incident-people.ts";

const entry = (seq: number, changes: Partial<IncidentEntry>): IncidentEntry => ({
  seq,
  key: String(seq),
  kind: "event",
  at: NOW - HOUR + seq * MINUTE,
  actor: ALICE,
  requestId: null,
  data: {},
  ...changes,
});

const ENTRIES: IncidentEntry[] = [
  entry(1, { data: { event: "incident.opened" } }),
  entry(2, { kind: "note", data: { event: "incident.noted", note: "Called her. It was *not* her." } }),
  entry(3, { data: { event: "incident.contained" } }),
  entry(4, { data: { event: "incident.not-contained" } }),
  entry(5, {
    kind: "note",
    data: { event: "incident.noted", note: "The laptop is with us", author: BOB },
  }),
  entry(6, { kind: "amendment", actor: "zt-bot", data: { event: "incident.note-deleted" } }),
  entry(7, { actor: "zt-bot", data: { event: "messages.trouble", reason: "not_in_channel" } }),
  entry(8, { actor: "zt-bot", data: { event: "messages.recovered", reason: "not_in_channel" } }),
];

const headline = "Revoke all sessions of mallory@example.com";
const told = (id: string, about: Request) => ({ request: { ...about, id }, headline, targets: [] });

const DONE = told("ZT-7K3M2QF", request("succeeded", { result: { verification: VERIFIED } }));
const DENIED = told("ZT-9F2KQ7A", request("denied", { decidedBy: BOB, decisionReason: "not her" }));
const FAILED = told(
  "ZT-3M8TX5C",
  request("failed", {
    result: { failure: { why: "Cloudflare returned an error (502)", next: "Try again." } },
  }),
);
const WAITING = told("ZT-5R1WZ9D", request("pending"));

/** An incident's facts: Mallory is back, Dana has devices, Erin could not be read. */
export const STORY_FACTS: StoryFacts = {
  ...FACTS,
  removed: [],
  entries: ENTRIES,
  told: [DENIED, FAILED, DONE, WAITING],
};

const shown = (changes: Partial<StoryFacts>, by: string | null = null) =>
  incidentSummary({ story: tellStory({ ...STORY_FACTS, ...changes }, NOW), linkOf: () => CARD, by });

const CROWD = Array.from({ length: 50 }, (_, index) =>
  person(`Person ${index + 1}`, { ...CLEAN, sessions: { value: [NOW - HOUR] } }, []),
);

const lanes = {
  from: NOW - 24 * HOUR,
  to: NOW,
  lanes: [
    {
      country: "BR",
      ip: "203.0.113.199",
      signIns: [
        { at: NOW - 3 * HOUR, allowed: false },
        { at: NOW - 2 * HOUR, allowed: true },
      ],
    },
    { country: null, ip: "192.0.2.44", signIns: [{ at: NOW - 20 * HOUR, allowed: true }] },
  ],
  others: { places: 0, signIns: 0 },
  undated: 0,
  revokedAt: [NOW - HOUR],
};
const mallory = makeUser({ name: "Mallory Archer" });
const dana = makeUser({ name: "Dana", email: "dana@example.com" });
const pictured = { lanes, people: [mallory, dana], cut: [], unread: [], left: 0 };
const unread = [{ user: mallory, why: "Cloudflare did not answer in time" }];

/** The summary of an incident, and the picture below it. */
export const INCIDENT_STORY = {
  "summary-open": shown({}, ALICE),
  "summary-contained": shown({
    incident: { ...INCIDENT, firstContainedAt: NOW - 29 * MINUTE, containedAt: NOW - 28 * MINUTE },
    people: [FRANK],
    removed: [DANA.person.target],
    told: [DONE],
    isContained: true,
  }),
  "summary-closed": shown({
    incident: {
      ...INCIDENT,
      status: "closed",
      firstContainedAt: NOW - 29 * MINUTE,
      containedAt: NOW - 28 * MINUTE,
      closed: { by: BOB, at: NOW },
    },
    people: [FRANK],
    told: [DENIED, DONE],
    isContained: true,
  }),
  "summary-closed-with-gaps": shown({
    incident: { ...INCIDENT, status: "closed", owner: null, closed: { by: BOB, at: NOW } },
    people: [MALLORY, DANA, ERIN],
  }),
  "summary-nothing-read": shown({
    incident: INCIDENT,
    people: [person("Mallory Archer", null, []), person("Dana", null, [])],
    entries: [],
    told: [],
  }),
  "summary-50-people": shown({ people: CROWD, told: [DONE], entries: [] }),
  "read-in": incidentSummary({
    story: tellStory(STORY_FACTS, NOW),
    linkOf: () => null,
    by: null,
    threadLink: LINK,
  }),
  canvas: canvasReply({ kind: "canvas", by: ALICE, link: LINK }),
  picture: incidentPicture("F0FILE0001", pictured),
  "picture-in-words": incidentPicture(null, { ...pictured, unread, cut: [dana], left: 40 }),
  "picture-none": incidentPicture(null, {
    ...pictured,
    lanes: { ...lanes, lanes: [], revokedAt: [] },
  }),
  "picture-unknown": incidentPicture(null, { ...pictured, people: [], unread }),
};
