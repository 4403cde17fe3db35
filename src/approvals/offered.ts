import { isSlackFailure } from "../slack/clients.ts";
import type { Request } from "../requests/request.ts";
import { decide, type Click } from "./decide.ts";
import { gatherFacts, type FactsDeps } from "./facts.ts";

/** Which of these would be taken if this person pressed them now. */
const OFFERED = ["approve", "deny", "cancel", "stop"] as const satisfies readonly Click[];

export type OfferedClick = (typeof OFFERED)[number];

/**
 * What a list may offer this person for a request. It is no authority: each click is decided again. Cloudflare is not
 * asked, so that a list never waits for it; where Slack can't say who is who, nothing is offered.
 */
export async function findOffered(
  deps: FactsDeps,
  request: Request,
  clickerId: string,
): Promise<readonly OfferedClick[]> {
  try {
    const facts = await gatherFacts({ ...deps, approverRisk: notAsked }, request, clickerId);
    return OFFERED.filter((click) => decide(click, { ...facts, clickerId, code: "later" }).allowed);
  } catch (error) {
    if (!isSlackFailure(error)) throw error;
    return [];
  }
}

const notAsked: FactsDeps["approverRisk"] = () => Promise.resolve({ kind: "fine" });
