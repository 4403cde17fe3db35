import type { Deps } from "../../deps.ts";
import type { UserMessage } from "../../errors.ts";
import { takeDecision } from "../../approvals/click.ts";
import { describeRequest } from "../../actions/describe.ts";
import { isRequestId } from "../../requests/plan.ts";
import { readRequest } from "../../requests/repository.ts";
import { permalink } from "../../slack/messages.ts";
import { cancelledMessage } from "../../views/request/thread.ts";
import { defineCommand } from "../define.ts";
import { showRequests } from "./requests.ts";

export const cancel = defineCommand({
  name: "cancel",
  group: "Respond",
  summary: "cancel a request of yours",
  details:
    "Without an id it lists yours with a Cancel button each. Only the requester can cancel, as long as the request waits.",
  examples: ["cancel", "cancel ZT-7K3M2QF"],
  role: "operator",
  changes: true,
  calls: [],
  args: { request: { kind: "word", required: false, summary: "the request's id, such as ZT-7K3M2QF" } },
  async run({ deps, asker }, { request: typed }) {
    const own = { kind: "cancellable", userId: asker.userId } as const;
    if (typed === undefined) return showRequests({ deps, asker }, own, 1);
    const wrong = await whatIsWrong(deps, typed);
    if (wrong !== null) return showRequests({ deps, asker }, own, 1, { problem: wrong });
    const id = typed.toUpperCase();
    const request = await takeDecision(deps, "cancel", id, asker);
    const { channel, ts } = request.card;
    const link = ts === null ? null : await permalink(deps.slack.interactive, { channel, ts });
    return cancelledMessage(request, describeRequest(request), link);
  },
});

async function whatIsWrong({ db }: Deps, typed: string): Promise<UserMessage | null> {
  if (!isRequestId(typed))
    return { what: `"${typed}" is not a request id.`, next: "They look like ZT-7K3M2QF." };
  const id = typed.toUpperCase();
  if ((await readRequest(db, id)) !== null) return null;
  return { what: `There is no request ${id}.` };
}
