import { describeRequest } from "../../../src/actions/describe.ts";
import type { Asked } from "../../../src/asking/ask.ts";
import type { Request } from "../../../src/requests/request.ts";
import type { Message } from "../../../src/views/blocks.ts";
import { askedMessage, askedModal, refreshedMessage } from "../../../src/views/request/asked.ts";
import {
  BOB,
  bulkRequest,
  CAROL,
  LINK,
  MINUTE,
  NOW,
  RECEIPT,
  request,
  RULES,
  VERIFIED,
  vote,
} from "../story.ts";

const asked = (changes: Partial<Asked> = {}, one: Request = request("pending")): Asked => ({
  request: one,
  headline: describeRequest(one).headline,
  link: LINK,
  trouble: null,
  quorum: 1,
  pause: null,
  mayUseBreakGlass: false,
  ...changes,
});
const refreshed = (one: Request, quorum = 1): Message =>
  refreshedMessage(one, describeRequest(one), { ...RULES, quorum }, LINK);
const PAUSE = { by: CAROL, reason: "We are testing the new policy.", at: NOW - 12 * MINUTE };

/** The answer to the requester, and the same answer after Refresh. */
export const REQUESTER = {
  requested: askedMessage(asked()),
  "requested-break-glass-offered": askedMessage(asked({ mayUseBreakGlass: true, quorum: 2 })),
  "requested-card-late": askedMessage(asked({ link: null, trouble: "Slack's rate limit is reached" })),
  "requested-card-coming": askedMessage(asked({ link: null })),
  "requested-while-paused": askedMessage(asked({ pause: PAUSE })),
  "requested-no-approver-active": askedMessage(
    asked({ mayUseBreakGlass: true }, request("pending", { nobodyThereAt: NOW })),
  ),
  "requested-several": askedMessage(asked({ quorum: 2 }, bulkRequest("pending"))),
  "requested-in-a-form": askedModal(asked()),
  "requested-in-a-form-break-glass-offered": askedModal(asked({ mayUseBreakGlass: true })),
  "refreshed-pending": refreshed(request("pending")),
  "refreshed-one-of-two": refreshed(request("pending", { votes: [vote(BOB)] }), 2),
  "refreshed-executing": refreshed(request("executing")),
  "refreshed-done": refreshed(request("succeeded", { result: { receipt: RECEIPT, verification: VERIFIED } })),
  "refreshed-denied": refreshed(
    request("denied", { decidedBy: BOB, decisionReason: "She is in São Paulo this week, I called her." }),
  ),
};
