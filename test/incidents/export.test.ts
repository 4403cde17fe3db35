import { describe, expect, it } from "vitest";

import { exportMarkdown } from "../../src/incidents/export/markdown.ts";
import { exportStory } from "../../src/incidents/export/story.ts";
import { tellStory, type StoryFacts } from "../../src/incidents/summary/story.ts";
import { gapWords } from "../../src/views/incident/words.ts";
import { INCIDENT } from "../golden/cases/incident-people.ts";
import { STORY_FACTS } from "../golden/cases/incident-story.ts";
import { ALICE, BOB, NAMES, NOW } from "../golden/story.ts";
import { HOSTILE } from "../views/support.ts";

const exported = (facts: StoryFacts) =>
  exportStory({
    story: tellStory(facts, NOW),
    exported: { by: ALICE, at: NOW },
    gapWords,
    names: { [ALICE]: NAMES[ALICE] ?? "" },
    rows: [],
    record: {
      up_to: 812,
      rows: [
        { seq: 12, hash: "a".repeat(64) },
        { seq: 14, hash: "b".repeat(64) },
      ],
      archived_before: null,
    },
  });

describe("the Markdown of an export", () => {
  it("reads as a story, in UTC, with names where they are known", async () => {
    const closed = { ...INCIDENT, status: "closed", closed: { by: BOB, at: NOW } } as const;
    const text = exportMarkdown(exported({ ...STORY_FACTS, incident: closed }));
    await expect(text).toMatchFileSnapshot("../golden/exports/incident.md");
  });

  it("holds nothing that formats or links but what zt-bot wrote", () => {
    const facts = { ...STORY_FACTS, incident: { ...INCIDENT, title: `${HOSTILE} | \n# x <b>` } };
    const [head = ""] = exportMarkdown(exported(facts)).split("\n");
    expect(head.replaceAll(/\\./g, "")).not.toMatch(/[*_`<>|[\]~]|https?:\/\//);
    expect(head).toMatch(/^# \\> /);
  });

  it("says what was archived", () => {
    const story = exported(STORY_FACTS);
    story.record.archived_before = 700;
    expect(exportMarkdown(story)).toContain("Rows before row 700 were archived and are not in it.");
  });
});
