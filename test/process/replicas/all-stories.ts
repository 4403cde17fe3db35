import { expect } from "vitest";

import type { StoredMessage } from "../../../sandbox/slack/index.ts";
import { readConfig } from "../../../src/config.ts";
import { verifyChain } from "../../../src/audit/verify.ts";
import { openTables } from "../../../src/store/open.ts";
import { revokedEmails, stillIn } from "../../support/crowd.ts";
import { CHANNELS, PEOPLE, type World } from "../../support/harness.ts";
import type { Entry, Ledger } from "../../support/ledger.ts";

/** What came of the calls, from the record. */
export interface Calls {
  sent: number;
  answered: number;
  /** Seen to have been done by a process that died before it could record the answer; not sent again. */
  reconciled: number;
}

/**
 * Looks at all of it, once all is done and the processes have stopped: Cloudflare's own account of the calls, every
 * card with its thread, every direct message, and the record.
 */
export async function expectAllStories(
  world: World,
  ledger: Ledger,
  emails: readonly string[],
): Promise<Calls> {
  const { slack, cloudflare } = world;
  await ledger.refresh();
  const entries = ledger.all();
  expect(entries.map(({ email }) => email).toSorted()).toEqual(emails);
  expect(entries.filter(({ status }) => status !== "succeeded")).toEqual([]);

  // Exactly one call for each reached Cloudflare, whoever died in between.
  expect(revokedEmails(cloudflare).toSorted()).toEqual(emails);
  expect(stillIn(cloudflare, emails)).toEqual([]);

  const cards = slack.messages(CHANNELS.approvals);
  expect(cards.map(idOf).toSorted()).toEqual(entries.map(({ id }) => id).toSorted());
  for (const card of cards) {
    expect(slack.visibleText(card)).toMatch(/Revoked 1 session, verified at/);
    expect(card.blocks.some((block) => block.type === "actions")).toBe(false);
    const thread = slack.thread(CHANNELS.approvals, card.ts);
    const told = thread.map((message) => idOf(message).replace(`${idOf(card)}:`, ""));
    // Who came after a death told that nobody knew, before telling how it was.
    expect(told).toEqual(told.includes("call-cut") ? THREAD_AFTER_DEATH : THREAD);
  }
  for (const person of Object.values(PEOPLE)) {
    const asked = entries.filter(({ requester }) => requester === person);
    const told = slack.messages(slack.dm(person)).map(idOf);
    expect(new Set(told).size).toBe(told.length);
    // Who was answered before the card was there has its link in another message.
    expect(told.filter((id) => !/:card-(there|late)$/.test(id)).toSorted()).toEqual(
      asked.map(({ id }) => `${id}:outcome`).toSorted(),
    );
  }
  expect(slack.violations).toEqual([]);
  return expectRecord(world, entries);
}

const THREAD = [
  "evidence",
  expect.stringMatching(/^vote-/),
  "decision",
  "call-started",
  "call-accepted",
  "summary",
];

const THREAD_AFTER_DEATH = THREAD.toSpliced(THREAD.indexOf("call-accepted"), 0, "call-cut");

function idOf({ metadata }: StoredMessage): string {
  return String(metadata?.event_payload["id"]);
}

/** The chain is whole, and every request was decided once, executed once and ended once. */
async function expectRecord(world: World, entries: readonly Entry[]): Promise<Calls> {
  const { db, close } = await openTables(readConfig(world.env).database);
  try {
    expect(await verifyChain(db)).toMatchObject({ ok: true, first: 1 });
    const rows = await db
      .selectFrom("audit")
      .select(["request_id", "event", "data"])
      .orderBy("seq")
      .execute();
    const events = Map.groupBy(rows, (row) => row.request_id);
    const calls: Calls = { sent: 0, answered: 0, reconciled: 0 };
    for (const { id } of entries) {
      const mine = events.get(id)?.map(({ event }) => event) ?? [];
      const count = (event: string): number => mine.filter((one) => one === event).length;
      for (const once of ["request.created", "request.approved", "request.executing", "request.succeeded"])
        expect(count(once), `${id} ${once}: ${mine.join(" ")}`).toBe(1);
      // On a busy machine a call's turn may come too late for its permit: it is not sent then, and permitted again.
      const unsent = events.get(id)?.filter(isUnsent).length ?? 0;
      // Either the answer was recorded, or who came after a death saw that it was done.
      expect(count("call.answered") - unsent + count("call.reconciled"), `${id}: ${mine.join(" ")}`).toBe(1);
      expect(count("request.unknown"), `${id}: ${mine.join(" ")}`).toBeLessThanOrEqual(1);
      if (count("call.reconciled") === 1) expect(mine, id).toContain("request.unknown");
      calls.sent += count("call.sent") - unsent;
      calls.answered += count("call.answered") - unsent;
      calls.reconciled += count("call.reconciled");
    }
    return calls;
  } finally {
    await close();
  }
}

function isUnsent({ event, data }: { event: string; data: unknown }): boolean {
  const said = typeof data === "string" ? data : JSON.stringify(data);
  return event === "call.answered" && said.includes('"error":"aborted"') && said.includes('"applied":"no"');
}
