import { describeRequest } from "../../../src/actions/describe.ts";
import type { Request } from "../../../src/requests/request.ts";
import { homeView, unreadHome, type HomeProps, type HomeRow } from "../../../src/views/home.ts";
import {
  ALICE,
  CAROL,
  HOUR,
  LINK,
  MINUTE,
  NOW,
  RECEIPT,
  request,
  RULES,
  SECOPS,
  VERIFIED,
} from "../story.ts";

const rowOf = (one: Request, rules = RULES): HomeRow => ({
  request: one,
  words: describeRequest(one),
  link: LINK,
  rules,
});

const home = (changes: Partial<Extract<HomeProps, { kind: "member" }>> = {}) =>
  homeView({
    kind: "member",
    toDecide: [],
    toReview: [],
    mine: [],
    left: { toDecide: 0, toReview: 0, mine: false },
    isCut: false,
    mayAsk: true,
    pause: null,
    trouble: { slack: null, held: null, unclear: 0, record: [] },
    now: NOW,
    ...changes,
  });

const used = request("succeeded", {
  votes: [],
  decidedBy: ALICE,
  breakGlass: { by: ALICE, at: NOW - 4 * HOUR, reason: "Payroll was being downloaded." },
  result: { receipt: RECEIPT, verification: VERIFIED },
});

/** The App Home. */
export const HOME = {
  "nothing-to-do": home(),
  "nothing-to-do-for-a-viewer": home({ mayAsk: false }),
  "to-approve": home({
    toDecide: [
      rowOf(request("pending")),
      rowOf(request("pending", { id: "ZT-4K2H8Q7" }, { action: "delete-user" }), {
        ...RULES,
        quorum: 2,
        stepUp: { votes: true, alone: true },
      }),
    ],
    mine: [rowOf(request("succeeded", { result: { receipt: RECEIPT, verification: VERIFIED } }))],
  }),
  "to-review": home({
    toReview: [rowOf(used)],
    left: { toDecide: 2, toReview: 1, mine: true },
    mine: [rowOf(used)],
  }),
  "cut-short": home({ isCut: true }),
  "cut-short-with-some": home({ isCut: true, toDecide: [rowOf(request("pending"))] }),
  paused: home({
    pause: { by: CAROL, reason: "We are testing the new policy.", at: NOW - 12 * MINUTE },
    trouble: { slack: null, held: { count: 2, why: "zt-bot is paused by Carol" }, unclear: 0, record: [] },
  }),
  trouble: home({
    trouble: {
      slack: { code: "not_in_channel", since: NOW - 10 * MINUTE },
      held: { count: 2, why: "unknown whether Bob is at risk: Cloudflare did not answer in time" },
      unclear: 1,
      record: ["the record contradicts its forwarded copy since row 4711"],
    },
  }),
  "rate-limited": home({
    trouble: { slack: { code: "ratelimited", since: NOW - MINUTE }, held: null, unclear: 0, record: [] },
  }),
  unread: unreadHome(),
  stranger: homeView({ kind: "stranger" }),
  "no-role": homeView({ kind: "no-role", ask: [SECOPS] }),
};
