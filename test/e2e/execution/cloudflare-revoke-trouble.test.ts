import { describe, expect, it } from "vitest";

import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import { findLiveSessions } from "../../../sandbox/cloudflare/index.ts";
import type { StoredMessage } from "../../../sandbox/slack/index.ts";
import {
  answerTo,
  askToRevoke,
  callsTo,
  finishedThread,
  PEOPLE,
  press,
  wordsOf,
} from "../../support/harness.ts";
import { readAudit, startScene, type Scene } from "../support.ts";

const EMAIL = "mallory@example.com";
/** Everything but what a revocation needs. */
const READ_PERMISSIONS = ["Access: Audit Logs Read", "Zero Trust Read", "Zero Trust: PII Read"];

function mallory({ cloudflare }: Scene) {
  const user = cloudflare.state.users.find((one) => one.email === EMAIL);
  if (user === undefined) throw new Error("mallory is not in the seed");
  return user;
}

function liveSessions(scene: Scene): number {
  return findLiveSessions(scene.cloudflare.state, mallory(scene).id, scene.cloudflare.now()).length;
}

/** Every outcome, in the order in which it was recorded, without the requests that were asked for. */
function record(scene: Scene): string[] {
  return readAudit(scene)
    .map((row) => row.event)
    .filter((event) => !/created|approved|executing|target/.test(event));
}

interface Story {
  card: string;
  thread: string;
  dm: string;
  calls: number;
}

/** Asks, lets `trouble` begin, approves, and waits until the requester is told how it ended. */
async function approveDuring(scene: Scene, trouble: () => void, text?: string): Promise<Story> {
  const { slack, cloudflare } = scene;
  const card = await askToRevoke(slack, text === undefined ? {} : { text });
  trouble();
  await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
  return tellStory(scene, card, () => callsTo(cloudflare, "POST", "revoke_user").length);
}

async function tellStory(scene: Scene, card: StoredMessage, countCalls: () => number): Promise<Story> {
  const { slack } = scene;
  const thread = await finishedThread(slack, card);
  const [told, ...more] = await slack.waitFor(() => {
    const messages = slack.messages(slack.dm(PEOPLE.alice));
    return messages.length > 0 ? messages : undefined;
  });
  expect(more).toEqual([]);
  // The head and the thread: nothing is said twice.
  expect(new Set(thread).size).toBe(thread.length);
  return {
    card: wordsOf(slack, card),
    thread: thread.slice(1).join("\n"),
    dm: told === undefined ? "" : slack.visibleText(told),
    calls: countCalls(),
  };
}

describe("a revocation while Cloudflare is in trouble", () => {
  it("is tried again when the rate limit is over, and the thread says when", { tags: ["slow"] }, async () => {
    const scene = await startScene();
    const story = await approveDuring(scene, () =>
      scene.cloudflare.faults.set("revoke-user", { kind: "rate-limit", retryAfter: 1, times: 1 }),
    );
    expect(story.thread).toMatch(/rate limit is reached.*Trying again at \d/);
    expect(story.card).toContain("✅ Revoked 3 sessions, verified at");
    expect(story.dm).toContain("verified at");
    expect(story.calls).toBe(2);
    expect(record(scene)).toEqual([
      "call.sent",
      "call.answered",
      "call.sent",
      "call.answered",
      "request.succeeded",
    ]);
  });

  it("without an answer is unknown, then found done: nothing is sent twice", async () => {
    const scene = await startScene({ cloudflareTimeoutMs: 300 });
    const story = await approveDuring(scene, () =>
      scene.cloudflare.faults.set("revoke-user", { kind: "hang", applied: true, times: 1 }),
    );
    expect(story.thread).toContain(
      "No clear answer from Cloudflare: Cloudflare did not answer in time. It may be done",
    );
    expect(story.thread).toContain("Already done by the earlier call; nothing was sent again");
    expect(story.card).toContain("✅ Revoked 3 sessions, verified at");
    expect(story.calls).toBe(1);
    expect(record(scene)).toEqual([
      "call.sent",
      "call.answered",
      "request.unknown",
      "call.reconciled",
      "request.succeeded",
    ]);
  });
});

describe("a revocation without an answer, while zt-bot was paused meanwhile", { tags: ["slow"] }, () => {
  /** Paused after the call was sent, before it is given up waiting for. */
  async function pausedMeanwhile(applied: boolean): Promise<{ scene: Scene; card: StoredMessage }> {
    const scene = await startScene({ cloudflareTimeoutMs: 3000 });
    const { slack, cloudflare } = scene;
    const card = await askToRevoke(slack);
    cloudflare.faults.set("revoke-user", { kind: "hang", applied, times: 1 });
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await slack.waitFor(() => callsTo(cloudflare, "POST", "revoke_user").length === 1 || undefined);
    const { words } = await answerTo(slack, PEOPLE.carol, "pause --reason a drill");
    expect(words).toContain("Paused");
    return { scene, card };
  }

  it("is found done even so, as looking changes nothing", async () => {
    const { scene, card } = await pausedMeanwhile(true);
    const story = await tellStory(scene, card, () => callsTo(scene.cloudflare, "POST", "revoke_user").length);
    expect(story.thread).toContain("Already done by the earlier call; nothing was sent again");
    expect(story.card).toContain("✅ Revoked 3 sessions, verified at");
    expect(story.calls).toBe(1);
  });

  it("is not sent again before it is resumed when nothing shows", async () => {
    const { scene, card } = await pausedMeanwhile(false);
    const { slack } = scene;
    await slack.waitFor(() => wordsOf(slack, card).includes("zt-bot is paused: a drill") || undefined);
    expect(callsTo(scene.cloudflare, "POST", "revoke_user")).toHaveLength(1);
    await answerTo(slack, PEOPLE.bob, "resume");
    const story = await tellStory(scene, card, () => callsTo(scene.cloudflare, "POST", "revoke_user").length);
    expect(story.card).toContain("✅ Revoked 3 sessions, verified at");
    expect(story.calls).toBe(2);
  });
});

describe("a revocation that Cloudflare may have done", () => {
  it.each([
    [
      "after a gateway error",
      { kind: "status", status: 502, html: true, times: 1 },
      "Cloudflare returned an error (502)",
    ],
    ["after a connection that was cut before", { kind: "drop", times: 1 }, "Cloudflare can't be reached"],
    ["after a time-out", { kind: "hang", times: 1 }, "did not answer in time"],
  ] as const)("%s is looked for, not found and sent again", async (_name, fault, said) => {
    // Short only where it has to run out: on a busy machine a cut connection can take as long to be noticed.
    const scene = await startScene(fault.kind === "hang" ? { cloudflareTimeoutMs: 300 } : {});
    const story = await approveDuring(scene, () => scene.cloudflare.faults.set("revoke-user", fault));
    expect(story.thread).toContain(said);
    expect(story.thread).toContain("It may be done; checking again at");
    expect(story.card).toContain("✅ Revoked 3 sessions, verified at");
    expect(story.calls).toBe(2);
  });

  it(
    "with an answer that nobody can read is looked for, and not called a failure",
    { tags: ["slow"] },
    async () => {
      const scene = await startScene();
      const story = await approveDuring(scene, () =>
        scene.cloudflare.faults.set("revoke-user", { kind: "status", status: 200, html: true, times: 1 }),
      );
      expect(story.thread).toContain(
        "No clear answer from Cloudflare: Cloudflare's answer can't be read. It may be done",
      );
      expect(story.card).toContain("✅ Revoked 3 sessions, verified at");
      expect(story.calls).toBe(2);
    },
  );

  it("says on its card that it is being found out, as long as that lasts", async () => {
    const scene = await startScene();
    const { slack, cloudflare } = scene;
    const card = await askToRevoke(slack);
    cloudflare.faults.set("revoke-user", { kind: "drop-after", times: 1 });
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await slack.waitFor(() => wordsOf(slack, card).includes("No clear answer from Cloudflare, checking"));
    const story = await tellStory(scene, card, () => callsTo(cloudflare, "POST", "revoke_user").length);
    expect(story.card).toContain("verified at");
    expect(story.calls).toBe(1);
  });
});

describe("a revocation that Cloudflare refuses", () => {
  it("with success:false has failed, whatever the status: the reason and the next step are told", async () => {
    const scene = await startScene();
    const story = await approveDuring(scene, () =>
      scene.cloudflare.faults.set("revoke-user", {
        kind: "success-false",
        code: 12130,
        message: "access.api.error.invalid_request",
      }),
    );
    for (const words of [story.card, story.thread, story.dm]) {
      expect(words).toContain(
        "Failed, nothing was done: Cloudflare refused (revoke user): access.api.error.invalid_request",
      );
    }
    expect(story.thread).toContain("Next: Check the user in the dashboard");
    expect(story.thread).not.toContain("verified at");
    expect(story.calls).toBe(1);
    expect(liveSessions(scene)).toBe(3);
    expect(record(scene)).toEqual(["call.sent", "call.answered", "request.failed"]);
  });

  it.each([
    ["another write permission", [...READ_PERMISSIONS, "Zero Trust Write"]],
    ["no write permission at all", READ_PERMISSIONS],
  ])(
    "for a token with %s names the permission that is missing and where to add it",
    async (_name, permissions) => {
      const scene = await startScene({ permissions });
      const story = await approveDuring(scene, () => {});
      const permission = "“Access: Organizations, Identity Providers, and Groups Write”";
      expect(story.card).toContain(`Failed, nothing was done: The API token can't revoke user`);
      expect(story.dm).toContain(`Add ${permission} to the token in the Cloudflare dashboard`);
      expect(story.calls).toBe(1);
      expect(liveSessions(scene)).toBe(3);
    },
  );
});

describe("a revocation whose target is no longer the one that was approved", () => {
  it("does nothing when the user is gone, and says so", async () => {
    const scene = await startScene();
    const story = await approveDuring(scene, () => {
      const { state } = scene.cloudflare;
      state.users = state.users.filter((one) => one.email !== EMAIL);
    });
    expect(story.card).toContain(`Voided, nothing was done: ${EMAIL} is no longer an Access user`);
    expect(story.dm).toContain("Nothing is left to do for this user");
    expect(story.calls).toBe(0);
  });

  it("does nothing when the id now belongs to another address, and says so", async () => {
    const scene = await startScene();
    const { id } = mallory(scene);
    const story = await approveDuring(scene, () => {
      mallory(scene).email = "mallory.new@example.com";
    });
    expect(story.card).toContain(`The Access user ${id} is no longer ${EMAIL}`);
    expect(story.dm).toContain("Look up the user again and make a new request");
    expect(story.calls).toBe(0);
    expect(readAudit(scene).find((row) => row.event === "target.checked")?.data["ok"]).toBe(false);
  });

  it("goes on when only the look at the target fails: the call names the user by address and id", async () => {
    const scene = await startScene();
    const story = await approveDuring(scene, () =>
      scene.cloudflare.faults.set("users.get", { kind: "success-false" }),
    );
    expect(story.card).toContain("verified at");
    expect(story.calls).toBe(1);
  });
});

describe("a revocation that Cloudflare accepts", () => {
  it("is not confirmed while the old sessions are still listed, and the card does not call it done", async () => {
    const scene = await startScene({ verifyDelaysMs: [10, 20] });
    const story = await approveDuring(scene, () => {
      scene.cloudflare.settings.sessionListLagMs = 60_000;
    });
    expect(story.thread).toMatch(/not confirmed: 3 of 3 sessions still open, checked at/);
    expect(story.card).toContain("Accepted by Cloudflare, not confirmed: 3 of 3 sessions still open");
    expect(story.card).not.toContain("Done");
    expect(story.dm).toContain("not confirmed");
    expect(story.dm).toContain(`Check /zt user ${EMAIL}, and request it again if it is not done`);
  });

  it("is confirmed as soon as the list has caught up", async () => {
    const scene = await startScene({ verifyDelaysMs: [50, 100, 200, 400, 800, 1600] });
    const story = await approveDuring(scene, () => {
      scene.cloudflare.settings.sessionListLagMs = 1200;
    });
    expect(story.thread).toContain("✅ Revoked 3 sessions, verified at");
    expect(callsTo(scene.cloudflare, "GET", "/active_sessions").length).toBeGreaterThan(3);
  });

  it("is not confirmed where the sessions cannot be read, and why is told", async () => {
    const scene = await startScene({ verifyDelaysMs: [10] });
    const story = await approveDuring(scene, () =>
      scene.cloudflare.faults.set("sessions.list", { kind: "success-false", message: "busy" }),
    );
    expect(story.thread).toContain("not confirmed: Unknown: Cloudflare refused: busy");
    expect(story.calls).toBe(1);
  });

  it("tells of a log-in since: the old sessions are gone, and the user can still get in", async () => {
    const scene = await startScene();
    const gate = scene.cloudflare.faults.holdAnswer("revoke-user");
    const { slack, cloudflare } = scene;
    const card = await askToRevoke(slack);
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await gate.arrived;
    cloudflare.login(EMAIL, { force: true });
    gate.release();
    const story = await tellStory(scene, card, () => callsTo(cloudflare, "POST", "revoke_user").length);
    for (const words of [story.card, story.thread, story.dm]) {
      expect(words).toContain("Revoked 3 sessions");
      expect(words).toContain("1 new sign-in since: the user can still get in");
    }
    expect(story.thread).toContain("To keep them out, disable the account in your IdP");
    expect(story.calls).toBe(1);
  });

  it("tells of a device that registered anew since", async () => {
    const scene = await startScene();
    const gate = scene.cloudflare.faults.holdAnswer("revoke-user");
    const { slack, cloudflare } = scene;
    const card = await askToRevoke(slack, { text: `revoke ${EMAIL} --devices --reason phished` });
    await press(slack, PEOPLE.bob, card, CARD_ACTIONS.approve);
    await gate.arrived;
    cloudflare.registerDevice(EMAIL);
    gate.release();
    const story = await tellStory(scene, card, () => callsTo(cloudflare, "POST", "revoke_user").length);
    expect(story.thread).toContain("2 device registrations");
    expect(story.thread).toContain("1 new device registration since");
  });

  it("reads through odd answers everywhere", async () => {
    const scene = await startScene();
    const story = await approveDuring(scene, () => scene.cloudflare.faults.set("*", { kind: "odd" }));
    expect(story.card).toContain("✅ Revoked 3 sessions, verified at");
    expect(story.calls).toBe(1);
  });

  it("of somebody without a session says that none is open", async () => {
    const scene = await startScene();
    const story = await approveDuring(scene, () => {}, "revoke quentin@example.com --reason leaver");
    expect(story.thread).toContain("✅ No session is open, verified at");
  });

  it("of one of two users of one address ends that one's sessions only", async () => {
    const scene = await startScene();
    const { state, now } = scene.cloudflare;
    const [wanted, other] = ["sam.lee@example.com", "Sam.Lee@example.com"].map((email) =>
      state.users.find((one) => one.email === email),
    );
    const story = await approveDuring(scene, () => {}, `revoke ${wanted?.id ?? ""} --reason phished`);
    expect(story.card).toContain("✅ Revoked 1 session, verified at");
    expect(findLiveSessions(state, other?.id ?? "", now())).toHaveLength(1);
  });
});
