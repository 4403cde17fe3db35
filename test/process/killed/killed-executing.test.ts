import { describe, expect, it, vi } from "vitest";

import type { FaultRoute } from "../../../sandbox/cloudflare/index.ts";
import { openStore } from "../../../src/store/open.ts";
import { readConfig } from "../../../src/config.ts";
import { moveRequest } from "../../../src/requests/transition.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import { askToRevoke, PEOPLE, press, startWorld } from "../../support/harness.ts";
import { startBotProcess, startHeld } from "../../support/process.ts";
import { readAudit } from "../../e2e/support.ts";
import { expectWholeStory, liveSessions, type Expected } from "./whole-story.ts";

// Each test starts processes: on a busy machine that takes a while.
vi.setConfig({ testTimeout: 180_000 });

/** Before each call it is looked whether it is still what was approved. */
const AGAIN = ["target.checked", "call.sent"];

interface Moment {
  route: FaultRoute;
  /** Before it takes effect, or when only the answer is missing. */
  hold: "call" | "answer";
  /** Sessions open at the moment of death. */
  open: number;
  expected: Expected;
}

const accepted = "Cloudflare accepted it";
const again = "The earlier call had no effect. Sent again, and Cloudflare accepted it";
const moments: [when: string, Moment][] = [
  [
    "after the approval, while it checks the target",
    {
      route: "users.get",
      hold: "call",
      open: 3,
      expected: { calls: 1, answer: accepted, audit: ["call.sent", "call.answered"] },
    },
  ],
  [
    "after the approval, while it reads what stands before the call",
    {
      route: "sessions.list",
      hold: "call",
      open: 3,
      expected: { calls: 1, answer: accepted, audit: ["call.sent", "call.answered"] },
    },
  ],
  [
    "while the call is on its way and lost with the connection",
    {
      route: "revoke-user",
      hold: "call",
      open: 3,
      expected: {
        calls: 2,
        answer: again,
        audit: ["call.sent", "request.unknown", ...AGAIN, "call.answered"],
      },
    },
  ],
  [
    "between the call, which took effect, and its answer",
    {
      route: "revoke-user",
      hold: "answer",
      open: 0,
      expected: {
        calls: 1,
        answer: "Already done by the earlier call; nothing was sent again",
        audit: ["call.sent", "request.unknown", "call.reconciled"],
      },
    },
  ],
];

describe.each(["socket"] as const)(
  "killed in %s mode and started again, the bot goes on at once and does nothing twice",
  (mode) => {
    it.each(moments)("%s", async (_when, { route, hold, open, expected }) => {
      const held = await startHeld(hold, { mode, route });
      // What stands before the call is read while the click is still being judged.
      await vi.waitFor(() => expect(readAudit(held).map(({ event }) => event)).toContain("request.approved"));
      await held.bot.kill();
      held.release();
      expect(liveSessions(held)).toHaveLength(open);

      await expectWholeStory(held, await startBotProcess(held), held.card, expected);
    });
  },
);

describe("killed and started again, the bot goes on at once and does nothing twice", () => {
  it("after Cloudflare's answer, while it looks whether the sessions are gone", async () => {
    const held = await startHeld("answer");
    const look = held.cloudflare.faults.hold("sessions.list");
    held.release();
    await look.arrived;
    await held.bot.kill();
    look.release();
    expect(liveSessions(held)).toHaveLength(0);

    await expectWholeStory(held, await startBotProcess(held), held.card, {
      calls: 1,
      answer: accepted,
      audit: ["call.sent", "call.answered"],
    });
  });

  it("after the approval was written and before its execution was", async () => {
    const world = await startWorld();
    const { slack } = world;
    const first = await startBotProcess(world);
    const card = await askToRevoke(slack);
    await first.kill();
    await approveInDatabase(world.env);
    expect(liveSessions(world)).toHaveLength(3);

    await expectWholeStory(world, await startBotProcess(world), card, {
      calls: 1,
      answer: accepted,
      audit: ["call.sent", "call.answered"],
    });
  });

  it("three times in a row, at the same call", async () => {
    const world = await startWorld();
    const { slack, cloudflare } = world;
    let bot = await startBotProcess(world);
    const card = await askToRevoke(slack);
    let call = cloudflare.faults.hold("revoke-user");
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    for (let deaths = 1; deaths <= 3; deaths += 1) {
      await call.arrived;
      await bot.kill();
      call.release();
      expect(liveSessions(world)).toHaveLength(3);
      if (deaths < 3) call = cloudflare.faults.hold("revoke-user");
      bot = await startBotProcess(world);
    }
    await expectWholeStory(world, bot, card, {
      calls: 4,
      answer: again,
      audit: ["call.sent", "request.unknown", ...AGAIN, ...AGAIN, ...AGAIN, "call.answered"],
    });
  });
});

/** What a process leaves behind that dies between its two databases: the decision, and nothing that acts on it. */
async function approveInDatabase(env: Record<string, string>): Promise<void> {
  const store = await openStore(readConfig(env).database);
  const at = Date.now();
  const { id } = await store.db.selectFrom("requests").select("id").executeTakeFirstOrThrow();
  await moveRequest(store.db, id, {
    to: "approved",
    actor: PEOPLE.bob,
    at,
    votes: { all: [{ by: PEOPLE.bob, at }], seen: 0 },
    posts: [{ key: "decision", surface: "thread", data: { kind: "decision", at } }],
  });
  await store.close();
}
