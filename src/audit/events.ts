/** Rows of these hold the one user they are about as `target_id`, also where their request is about several. */
export const OF_ONE_USER = [
  "target.checked",
  "target.protected",
  "call.sent",
  "call.answered",
  "call.reconciled",
  "target.verified",
] as const;

/** What an operator writes into the record: see docs/adr/0006-audit-chain.md. */

/** A place in the chain before which rows may be archived. */
export const CHECKPOINT = "audit.checkpoint";

/** The rows before a checkpoint were taken out, into a file. */
export const ARCHIVED = "audit.archived";
