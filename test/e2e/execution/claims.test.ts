import { describe, expect, it } from "vitest";

import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import {
  answerTo,
  callsTo,
  cardWhere,
  finishedThread,
  PEOPLE,
  press,
  wordsOf,
} from "../../support/harness.ts";
import { accessIdOf, approve, openFormBy, sendForm, startScene } from "../support.ts";

const { alice, bob } = PEOPLE;
const MALLORY = "mallory@example.com";
const EMPTY_LIST = { success: true, errors: [], messages: [], result: [] };

describe("a claim", () => {
  it("that devices may be restored is void once they were revoked again", async () => {
    const { slack, cloudflare } = await startScene();
    await answerTo(slack, alice, `restore-devices ${MALLORY} --all --reason laptop found`);
    const card = await cardWhere(slack, (words) => words.includes("Restore"));
    const id = accessIdOf({ cloudflare } as never, MALLORY);
    for (const one of cloudflare.state.registrations)
      if (one.userId === id && one.revokedAt !== null) one.revokedAt = cloudflare.now();
    await approve(slack, card);
    expect(wordsOf(slack, card)).toContain("was revoked again after the request");
    expect(callsTo(cloudflare, "POST", "registrations/unrevoke")).toEqual([]);
  });

  it(
    "that WARP re-authentication was forced is not made: a lost call is sent again, and that is said",
    { tags: ["slow"] },
    async () => {
      const scene = await startScene({ cloudflareTimeoutMs: 300 });
      const { slack, cloudflare } = scene;
      const id = accessIdOf(scene, MALLORY);
      cloudflare.state.sessions = cloudflare.state.sessions.filter((one) => one.userId !== id);
      await answerTo(slack, alice, `revoke ${MALLORY} --warp-reauth --reason laptop stolen`);
      const card = await cardWhere(slack, (words) => words.includes("Revoke all sessions"));
      cloudflare.faults.set("revoke-user", { kind: "hang", times: 1 });
      const thread = await approve(slack, card);
      expect(callsTo(cloudflare, "POST", "revoke_user")).toHaveLength(2);
      expect(thread).not.toContain("Already done by the earlier call");
      expect(thread).toContain("WARP re-authentication can't be verified: Cloudflare does not show it");
      expect(cloudflare.state.users.find((user) => user.id === id)?.warpReauthAt).not.toBeNull();
    },
  );

  it("that no session is open is not made of an empty list, where sessions were seen a moment before", async () => {
    const { slack, cloudflare } = await startScene();
    await answerTo(slack, alice, `revoke ${MALLORY} --reason laptop stolen`);
    const card = await cardWhere(slack, (words) => words.includes("Ends 3 sessions"));
    cloudflare.faults.set("sessions.list", { kind: "status", status: 200, body: EMPTY_LIST });
    const thread = await approve(slack, card);
    expect(thread).toContain(
      "Cloudflare lists no session and listed none before the call, but the request saw 3 open sessions",
    );
    expect(wordsOf(slack, card)).not.toContain("verified at");
  });

  it("that a user is who was approved needs a look, where deleting them can't be undone", async () => {
    const { slack, cloudflare } = await startScene();
    const form = await openFormBy(slack, alice, `delete-user ${MALLORY} --reason left the company`);
    await sendForm(slack, alice, form, { typed: { typed: MALLORY } });
    const card = await cardWhere(slack, (words) => words.includes("Delete the Access user"));
    cloudflare.faults.set("users.get", { kind: "status", status: 503 });
    await press(slack, bob, card, CARD_ACTIONS.approve);
    await finishedThread(slack, card);
    expect(callsTo(cloudflare, "DELETE", "/access/users/")).toEqual([]);
    expect(wordsOf(slack, card)).toContain("Can't check that this is still what was approved");
  });

  it("that a revocation was verified on the first of several is made of one who has a session", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const idle = "quentin@example.com";
    const id = accessIdOf(scene, idle);
    cloudflare.state.sessions = cloudflare.state.sessions.filter((one) => one.userId !== id);
    await answerTo(slack, alice, `revoke ${idle} ${MALLORY} --reason stuffing`);
    const card = await cardWhere(slack, (words) => words.includes("of 2 users"));
    expect(wordsOf(slack, card)).toContain(`1. ${MALLORY} (first, alone)\n2. ${idle}`);

    cloudflare.state.sessions = [];
    await answerTo(slack, alice, `revoke ${idle} ${MALLORY} --devices --reason stuffing`);
    const other = await cardWhere(slack, (words) => words.includes("and devices of 2 users"));
    expect(wordsOf(slack, other)).toContain(`1. ${idle} (first, alone)`);
    expect(wordsOf(slack, other)).toContain(
      "No open session was found, so the first revocation proves little",
    );
  });

  it("that somebody without an email address can be revoked is not made: it is refused when it is asked", async () => {
    const scene = await startScene();
    const id = accessIdOf(scene, "quentin@example.com");
    for (const user of scene.cloudflare.state.users) if (user.id === id) user.email = "";
    const { words } = await answerTo(scene.slack, alice, `revoke ${id} --reason laptop stolen`);
    expect(words).toContain("has no email address");
  });
});
