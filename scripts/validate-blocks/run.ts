import type { WebClient } from "@slack/web-api";

import type { GoldenCase } from "../../test/golden/cases.ts";

interface Refusal {
  pointer?: string;
  message?: string;
}

/**
 * Asks Slack of each case whether it takes it (https://docs.slack.dev/reference/methods/blocks.validate: nothing is
 * posted), one after the other, and writes a line of each: ✅, or ❌ with what Slack says of which part.
 * @returns how many it refuses. @throws what is no answer about blocks: a token that does not count, no network.
 */
export async function validateBlocks(
  client: Pick<WebClient, "blocks">,
  cases: readonly GoldenCase[],
  write: (line: string) => void,
): Promise<number> {
  let refused = 0;
  for (const one of cases) {
    const refusals = await ask(client, one);
    if (refusals === null) {
      write(`✅ ${one.name}`);
      continue;
    }
    refused += 1;
    write(`❌ ${one.name}`);
    for (const { pointer = "", message = "refused" } of refusals) write(`   ${pointer} ${message}`);
  }
  write(`${cases.length - refused} of ${cases.length} are taken by Slack.`);
  return refused;
}

/** null: Slack takes it. */
async function ask({ blocks }: Pick<WebClient, "blocks">, one: GoldenCase): Promise<Refusal[] | null> {
  try {
    await blocks.validate(
      one.surface === "message" ? { message: { blocks: one.shown.blocks } } : { view: one.shown },
    );
    return null;
  } catch (error) {
    const refusals = refusalsOf(error);
    if (refusals === null) throw error;
    return refusals;
  }
}

/** What is wrong, of an answer that names it; null for any other error. */
function refusalsOf(error: unknown): Refusal[] | null {
  if (!(error instanceof Error) || !("data" in error)) return null;
  const { errors } = error.data as { errors?: unknown };
  return Array.isArray(errors) && errors.length > 0 ? (errors as Refusal[]) : null;
}
