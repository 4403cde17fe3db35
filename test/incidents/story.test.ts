import { describe, expect, it } from "vitest";

import { tellStory, type StoryFacts, type StoryVerdict } from "../../src/incidents/summary/story.ts";
import type { PersonSeen } from "../../src/incidents/gaps.ts";
import { MAX_PEOPLE } from "../../src/incidents/incident.ts";
import { incidentSummary } from "../../src/views/incident/summary.ts";
import { CLEAN, FRANK, INCIDENT, MALLORY, person } from "../golden/cases/incident-people.ts";
import { STORY_FACTS } from "../golden/cases/incident-story.ts";
import { MINUTE, NOW } from "../golden/story.ts";
import { HOSTILE, messageProblems } from "../views/support.ts";

const back = { ...STORY_FACTS, people: [FRANK, MALLORY] };
const closed = { ...INCIDENT, status: "closed", closed: { by: "U0BOB0001", at: NOW } } as const;
const unread = person("Erin Long", { ...CLEAN, sessions: { unknown: "HTTP 502" } }, []);
const signedIn = person("Dana", { ...CLEAN, sessions: { value: [NOW] } }, []);

const CASES: [string, StoryFacts, StoryVerdict, string[]][] = [
  ["back, before all else that is open", back, "back", ["mallory@example.com"]],
  ["contained", { ...STORY_FACTS, people: [FRANK], isContained: true }, "contained", []],
  [
    "not contained: open before unknown",
    { ...STORY_FACTS, people: [unread, signedIn] },
    "not-contained",
    ["dana@example.com", "erin@example.com"],
  ],
  [
    "unknown, never contained, where nothing could be read",
    { ...STORY_FACTS, people: [FRANK, unread] },
    "unknown",
    ["erin@example.com"],
  ],
  ["closed with gaps", { ...back, incident: closed }, "closed-with-gaps", ["mallory@example.com"]],
  ["closed", { ...STORY_FACTS, people: [FRANK], incident: closed, isContained: true }, "closed", []],
];

describe("an incident's story comes to", () => {
  it.each(CASES)("%s", (_name, facts, verdict, concerned) => {
    const story = tellStory(facts, NOW);
    expect([story.verdict, story.concerned.map(({ email }) => email)]).toEqual([verdict, concerned]);
  });

  it("its figures", () => {
    const incident = { ...closed, firstContainedAt: NOW - 29 * MINUTE, containedAt: NOW - 28 * MINUTE };
    expect(tellStory({ ...STORY_FACTS, incident }, NOW).figures).toEqual({
      toFirstContainment: 31 * MINUTE,
      toContainment: 32 * MINUTE,
      toClose: 60 * MINUTE,
      requests: 4,
      verified: 1,
      unconfirmed: 0,
      denied: 1,
      failed: 1,
      dropped: 0,
      open: 1,
      breakGlass: 0,
      reopenings: 1,
      notes: 2,
    });
  });
});

it("the summary of the largest incident with hostile names fits on one message", () => {
  const seen: PersonSeen = {
    ...CLEAN,
    sessions: { value: [NOW] },
    devices: { value: 9 },
    risk: { value: "high" },
  };
  const people = Array.from({ length: MAX_PEOPLE }, () => person(HOSTILE.repeat(3), seen, []));
  const told = STORY_FACTS.told.map((one) => ({ ...one, headline: HOSTILE.repeat(3) }));
  const story = tellStory(
    {
      ...STORY_FACTS,
      incident: { ...INCIDENT, title: HOSTILE.slice(0, 120) },
      people,
      told: Array.from({ length: 10 }, () => told).flat(),
      entries: Array.from({ length: 10 }, () => STORY_FACTS.entries)
        .flat()
        .map((one) => ({ ...one, data: { ...one.data, note: HOSTILE.repeat(9) } })),
    },
    NOW,
  );
  const link = "https://example-corp.slack.com/archives/C0APPROV1/p1773496651000100";
  const shown = incidentSummary({ story, linkOf: () => link, by: "U0ALICE01" });
  expect(messageProblems(shown)).toEqual([]);
});
