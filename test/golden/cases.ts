import type { HomeView, ModalView } from "@slack/types";

import { describeRequest } from "../../src/actions/describe.ts";
import type { Message } from "../../src/views/blocks.ts";
import { sessionsMessage } from "../../src/views/look-ups/sessions.ts";
import { noticeMessage } from "../../src/views/notice.ts";
import { approvalCard } from "../../src/views/card/card.ts";
import { denyModal } from "../../src/views/request/deny-modal.ts";
import { makeRequest, makeSession, makeUser, NOW } from "../views/support.ts";

/** Something that the bot shows, as a reviewer reads it and as Slack is asked about it. */
export type GoldenCase = { name: string } & (
  | { surface: "message"; shown: Message }
  | { surface: "modal"; shown: ModalView }
  | { surface: "home"; shown: HomeView }
);

/** One case for each thing that the bot shows, always the same ones. Names are unique and stay. */
export function goldenCases(): GoldenCase[] {
  const request = makeRequest({ status: "pending" });
  const words = describeRequest(request);
  const card = (status: "pending" | "denied") =>
    approvalCard({
      request: makeRequest({ status }),
      words,
      rules: { approvers: ["U0BOB0001"], quorum: 1, alone: null, stepUp: { votes: false, alone: false } },
      now: NOW,
    });
  return [
    { name: "card-pending", surface: "message", shown: card("pending") },
    { name: "card-denied", surface: "message", shown: card("denied") },
    { name: "deny-form", surface: "modal", shown: denyModal(request, words.headline) },
    {
      name: "sessions",
      surface: "message",
      shown: sessionsMessage(makeUser(), [makeSession()], { now: NOW, page: 1 }),
    },
    {
      name: "refusal",
      surface: "message",
      shown: noticeMessage({ what: "You can't use /zt user.", next: "An operator can do it for you." }),
    },
  ];
}
