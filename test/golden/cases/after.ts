import { describeRequest } from "../../../src/actions/describe.ts";
import { revokeNowModal } from "../../../src/views/request/break-glass-modal.ts";
import { blockEndMessage } from "../../../src/views/request/block-end.ts";
import {
  expectedMessage,
  unwatchedMessage,
  watchHead,
  watchListMessage,
  watchNewsMessage,
  watchStartedMessage,
  type WatchRow,
} from "../../../src/views/watch.ts";
import type { WatchEvent } from "../../../src/watch/news.ts";
import type { PostData } from "../../../src/requests/posts.ts";
import { ALICE, BOB, HOUR, MINUTE, NOW, request } from "../story.ts";

const WHO = {
  id: "f174e90a-fafe-4643-bbbc-4a0ed4fc8415",
  email: "mallory@example.com",
  name: "Mallory Archer",
};

const SIGN_IN: WatchEvent = {
  kind: "signed-in",
  at: NOW,
  ip: "203.0.113.199",
  country: "BR",
  apps: ["Payroll"],
  count: 1,
};

const EVENTS: Readonly<Record<string, WatchEvent>> = {
  "signed-in": SIGN_IN,
  session: { kind: "session", at: NOW, apps: ["Payroll", "Admin panel"] },
  denials: {
    kind: "denials",
    at: NOW - 3 * MINUTE,
    to: NOW,
    count: 17,
    ips: ["203.0.113.199"],
    apps: ["Payroll", "Admin panel"],
  },
  registration: { kind: "registration", at: NOW, name: "DESKTOP-7QK2M1" },
  risk: { kind: "risk", at: NOW, level: "high", before: "low", events: 2 },
};

const REVOKED = { isAgain: true, canRevokeNow: false };

const told = Object.entries(EVENTS).map(
  ([kind, event]) =>
    [
      `watch-${kind}`,
      watchNewsMessage({ kind: "returned", id: "e1", who: WHO, event, ask: [ALICE, BOB] }, REVOKED),
    ] as const,
);

const GAP = { from: NOW - 20 * MINUTE, to: NOW - 8 * MINUTE, why: "Cloudflare returned an error (502)" };
const ENDED = { kind: "watch-ended", lasted: HOUR, people: 1, back: 0, missed: [] } as const;

const ROW: WatchRow = {
  id: "W-1",
  who: WHO,
  until: NOW + HOUR,
  isActive: true,
  endedAt: null,
  backSince: null,
  blindSince: null,
  hasGaps: false,
  requestId: null,
  askedBy: ALICE,
};

type BlockPost = Parameters<typeof blockEndMessage>[1];
const blocked = (data: Extract<PostData, BlockPost>) => blockEndMessage(request("succeeded"), data);

/** What comes after it is done: who comes back, and how a block ends. */
export const AFTER = {
  ...Object.fromEntries(told),
  "watch-signed-in-though-blocked": watchNewsMessage(
    { kind: "returned", id: "e1", who: WHO, event: SIGN_IN, ask: [ALICE], isBlocked: true },
    REVOKED,
  ),
  "watch-with-break-glass": watchNewsMessage(
    { kind: "returned", id: "e1", who: WHO, event: SIGN_IN, ask: [ALICE] },
    { isAgain: true, canRevokeNow: true },
  ),
  "revoke-now-form": revokeNowModal({
    of: { eventId: "e1", channelId: "C0APPROV1" },
    words: describeRequest(request("pending")),
    takesCode: true,
  }),
  "watch-expected": expectedMessage({ who: WHO, event: SIGN_IN }, { by: BOB, at: NOW }, true),
  "watch-blind": watchNewsMessage({ kind: "watch-blind", since: NOW - 6 * MINUTE, why: GAP.why }, REVOKED),
  "watch-sees": watchNewsMessage({ kind: "watch-sees", since: GAP.from, missed: [GAP] }, REVOKED),
  "watch-quiet-end": watchNewsMessage(ENDED, REVOKED),
  "watch-end-with-a-gap": watchNewsMessage({ ...ENDED, missed: [GAP] }, REVOKED),
  "watch-end-after-a-return": watchNewsMessage({ ...ENDED, back: 1 }, REVOKED),
  "watch-stopped": watchNewsMessage({ ...ENDED, lasted: 12 * MINUTE, stoppedBy: BOB }, REVOKED),
  "watch-head": watchHead(ROW),
  "watch-head-back": watchHead({ ...ROW, backSince: NOW }),
  "watch-head-over": watchHead({ ...ROW, isActive: false, endedAt: NOW }),
  "watch-list": watchListMessage([ROW, { ...ROW, id: "W-2", backSince: NOW, requestId: "ZT-7K3M2QF" }]),
  "watch-list-empty": watchListMessage([]),
  "watch-started": watchStartedMessage(ROW, { isExtended: false, isDirect: false }),
  "watch-extended": watchStartedMessage(ROW, { isExtended: true, isDirect: true }),
  unwatched: unwatchedMessage(WHO, 1),
  "unwatched-no-one": unwatchedMessage(WHO, 0),
  "block-until": blocked({ kind: "block-until", until: NOW + 8 * HOUR }),
  "block-until-later": blocked({ kind: "block-until", until: NOW + 8 * HOUR, was: NOW + HOUR }),
  "block-without-end": blocked({ kind: "block-without-end", was: NOW + HOUR }),
  "block-stays": blocked({ kind: "block-stays", until: NOW + 8 * HOUR, isUnknown: false }),
  "block-stays-unknown": blocked({ kind: "block-stays", until: NOW + 8 * HOUR, isUnknown: true }),
  "block-extended": blocked({
    kind: "block-replaced",
    by: "ZT-4K2H8Q7",
    isUnblocked: false,
    until: NOW + HOUR,
  }),
  "block-unblocked": blocked({ kind: "block-replaced", by: "ZT-4K2H8Q7", isUnblocked: true, until: null }),
  "block-over": blocked({ kind: "block-end", at: NOW, wasSo: false }),
  "block-over-before": blocked({ kind: "block-end", at: NOW, wasSo: true }),
  "block-over-during-an-incident": blocked({
    kind: "block-end",
    at: NOW,
    wasSo: false,
    meanwhile: { revoked: { id: "ZT-4K2H8Q7", at: NOW - HOUR }, incidents: ["INC-7K3M2"] },
  }),
  "block-over-before-an-incident": blocked({
    kind: "block-end",
    at: NOW,
    wasSo: true,
    meanwhile: { revoked: null, incidents: ["INC-7K3M2", "INC-9QX4D"] },
  }),
  "block-over-late": blocked({ kind: "block-end-late", at: NOW, why: GAP.why }),
  "block-over-failed": blocked({ kind: "block-end-failed", at: NOW, why: GAP.why }),
};
