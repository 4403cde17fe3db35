import { expect, it, onTestFinished, vi } from "vitest";

import { verifyChain } from "../../../src/audit/verify.ts";
import { changeRequest } from "../../../src/requests/change.ts";
import { crossCheck } from "../../../src/requests/cross-check.ts";
import { openTables } from "../../../src/store/open.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import { answerTo, askToRevoke, finishedThread, PEOPLE, press, wordsOf } from "../../support/harness.ts";
import { requestIdOf, startScene } from "../support.ts";

const DAY = 24 * 60 * 60_000;

it("a month later the messages of what is over are removed, and its card, lists and record are as they were", async () => {
  let ahead = 0;
  const now = () => Date.now() + ahead;
  const scene = await startScene({ now, sweepMs: 100, watchMs: 100 });
  const { slack, config } = scene;
  const card = await askToRevoke(slack);
  const id = requestIdOf(slack, card);
  await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
  await finishedThread(slack, card);
  const threadHas = (part: string) =>
    slack.waitFor(
      () =>
        slack.thread(card.channel, card.ts).some((reply) => slack.visibleText(reply).includes(part)) ||
        undefined,
    );
  // Whom it revoked was watched for an hour.
  ahead = DAY;
  await threadHas("No sign-in");
  const { db, close } = await openTables(config.database);
  onTestFinished(close);
  const readPosts = () => db.selectFrom("posts").select(["key", "posted_at"]).execute();
  const waiting = async () => (await readPosts()).filter(({ posted_at: at }) => at === null);
  await vi.waitFor(async () => expect(await waiting()).toEqual([]), 20_000);
  ahead = 32 * DAY;
  await vi.waitFor(async () => expect(await readPosts()).toEqual([]), 20_000);
  expect(await verifyChain(db)).toMatchObject({ ok: true });
  expect((await crossCheck(db)).findings).toEqual([]);
  expect((await answerTo(slack, PEOPLE.alice, "requests all")).words).toContain(id);
  expect((await answerTo(slack, PEOPLE.alice, `audit ${id}`)).words).toContain("approved it");

  // Something late: the thread takes it, and the card is drawn again where it is.
  const edits = () => slack.calls.filter(({ method }) => method === "chat.update").length;
  const [words, before] = [wordsOf(slack, card), edits()];
  const late = { kind: "stopped", by: PEOPLE.carol, at: now() } as const;
  await changeRequest(db, { id, at: now(), posts: [{ key: "late", surface: "thread", data: late }] });
  await threadHas("topped");
  expect(edits()).toBe(before + 1);
  expect(wordsOf(slack, card)).toBe(words);
});
