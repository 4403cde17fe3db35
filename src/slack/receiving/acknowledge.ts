import type { ReceiverEvent } from "@slack/bolt";

const KINDS = {
  command: "command",
  block_actions: "click",
  view_submission: "form",
  block_suggestion: "menu",
  message_action: "shortcut",
  shortcut: "shortcut",
  event_callback: "event",
} as const;

/** What Slack sent, by how a person came to send it. */
export type PayloadKind = (typeof KINDS)[keyof typeof KINDS] | "other";

/** Told of each acknowledgement, with the milliseconds that it took. */
export type OnAcknowledged = (kind: PayloadKind, ms: number) => void;

/** The same payload, whose acknowledgement is timed from `startedAt` (`performance.now()`) on. */
export function timeAcknowledgement(
  event: ReceiverEvent,
  startedAt: number,
  onAcknowledged: OnAcknowledged,
): ReceiverEvent {
  let isTold = false;
  return {
    ...event,
    async ack(...response) {
      await event.ack(...response);
      if (isTold) return;
      isTold = true;
      onAcknowledged(kindOfPayload(event.body), performance.now() - startedAt);
    },
  };
}

/** How a person came to send this. */
export function kindOfPayload(body: object): PayloadKind {
  const type = "command" in body ? "command" : "type" in body ? body.type : null;
  return KINDS[type as keyof typeof KINDS] ?? "other";
}
