/** Rows of these hold the one user they are about as `target_id`, also where their request is about several. */
export const OF_ONE_USER = [
  "target.checked",
  "target.protected",
  "call.sent",
  "call.answered",
  "call.reconciled",
  "target.verified",
] as const;

/**
 * Everything that the record tells of: a new kind of row is a line here, and its words in views/audit-words.ts. Past
 * tense for what is done. The names are stored, and never change.
 */
export type AuditEvent =
  | (typeof OF_ONE_USER)[number]
  | "request.created"
  | "request.refused"
  | "request.voted"
  | "request.approved"
  | "request.denied"
  | "request.cancelled"
  | "request.expired"
  | "request.voided"
  | "request.held"
  | "request.unheld"
  | "request.executing"
  | "request.unknown"
  | "request.stopped"
  | "request.succeeded"
  | "request.failed"
  | "request.reminded"
  | "request.escalated"
  | "request.reviewed"
  | "request.unproven"
  | "block.timed"
  | "block.ended"
  | "review.reminded"
  | "approvers.away"
  | "approvers.back"
  | "click.refused"
  | "command.refused"
  | "bot.paused"
  | "bot.resumed"
  | "authenticator.asked"
  | "authenticator.effective"
  | "authenticator.declined"
  | "code.taken"
  | "code.refused"
  | "policy.loaded"
  | "policy.refused"
  | "watch.started"
  | "watch.seen"
  | "watch.expected"
  | "watch.stopped"
  | "messages.trouble"
  | "messages.recovered"
  | "card.replaced"
  | "incident.opened"
  | "incident.assigned"
  | "incident.severity"
  | "incident.added"
  | "incident.removed"
  | "incident.noted"
  | "incident.note-edited"
  | "incident.note-deleted"
  | "incident.note-withdrawn"
  | "incident.note-restored"
  | "incident.idp-disabled"
  | "incident.idp-not-disabled"
  | "incident.back"
  | "incident.contained"
  | "incident.not-contained"
  | "incident.closed"
  | "incident.reopened"
  | "incident.summarized"
  | "incident.exported"
  | typeof SIGNED
  | typeof CHECKPOINT
  | typeof ARCHIVED;

/** The end of the record, the row before this one, signed: see docs/adr/0016. */
export const SIGNED = "audit.signed";

/** What an operator writes into the record: see docs/adr/0006-audit-chain.md. */

/** A place in the chain before which rows may be archived. */
export const CHECKPOINT = "audit.checkpoint";

/** The rows before a checkpoint were taken out, into a file. */
export const ARCHIVED = "audit.archived";
