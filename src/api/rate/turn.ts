/** What a call is for: an urgent containment goes first, work through a long list waits behind everything else. */
export const PRIORITIES = ["urgent", "interactive", "bulk"] as const;
export type Priority = (typeof PRIORITIES)[number];

export interface TurnOptions {
  priority: Priority;
  signal: AbortSignal;
  /** How long it may wait; bulk calls wait as long as it takes. */
  maxWaitMs: number;
}

/** There is no turn in time. Nothing was sent. */
export class BudgetSpentError extends Error {
  override readonly name = "BudgetSpentError";
  /** Epoch milliseconds. */
  readonly retryAt: number;

  constructor(retryAt: number) {
    super("the budget of Cloudflare calls is spent");
    this.retryAt = retryAt;
  }
}
