import { expect, it } from "vitest";

import { ACCOUNT_ID } from "../../sandbox/workspace.ts";
import { insertRequest } from "../../src/requests/repository.ts";
import { moveRequest } from "../../src/requests/transition.ts";
import { openTables } from "../../src/store/open.ts";
import { newRequest } from "../store/fixture.ts";
import { cardWhere, finishedThread, PEOPLE, callsTo, wordsOf } from "../support/harness.ts";
import { readAudit, startScene } from "./support.ts";

it(
  "an error of zt-bot's own in a call ends in words after the first attempt",
  { tags: ["slow"] },
  async () => {
    const { slack, cloudflare, config, ...scene } = await startScene();
    const user = cloudflare.state.users.find((one) => one.email === "mallory@example.com");
    if (user === undefined) throw new Error("mallory is not in the seed");
    // Nobody can ask for that any more: one that was approved before it was refused. The client refuses it itself.
    user.email = "";
    const { db, close } = await openTables(config.database);
    const at = Date.now();
    const plan = {
      action: "revoke" as const,
      accountId: ACCOUNT_ID,
      target: { id: user.id, email: "", name: user.name ?? "" },
      options: { devices: false, warpReauth: false },
    };
    const { id } = await insertRequest(
      db,
      newRequest({ plan, requesterId: PEOPLE.alice, at, expiresAt: at + 3_600_000 }),
    );
    const votes = { all: [{ by: PEOPLE.bob, at, via: PEOPLE.bob }], seen: 0 };
    await moveRequest(db, id, { to: "approved", actor: PEOPLE.bob, at, votes, data: { via: PEOPLE.bob } });
    await close();

    const card = await cardWhere(slack);
    const thread = (await finishedThread(slack, card)).join("\n");
    expect(thread).toMatch(/zt-bot had an internal error \(reference \w{8}\)/);
    expect(thread).not.toContain("was stopped");
    expect(wordsOf(slack, card)).toContain("Failed");
    expect(callsTo(cloudflare, "POST", "revoke_user")).toEqual([]);
    const events = readAudit({ slack, cloudflare, ...scene }).map(({ event }) => event);
    expect(events.filter((event) => event === "call.sent")).toHaveLength(1);
    expect(events.at(-1)).toBe("request.failed");
  },
);
