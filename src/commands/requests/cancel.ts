import type { Deps } from "../../deps.ts";
import { UserError, type UserMessage } from "../../errors.ts";
import { takeDecision } from "../../approvals/click.ts";
import { describeRequest } from "../../actions/describe.ts";
import { listRequests } from "../../requests/list.ts";
import { isRequestId } from "../../requests/plan.ts";
import { isHeldBack } from "../../requests/request.ts";
import { readRequest } from "../../requests/repository.ts";
import { permalink } from "../../slack/messages.ts";
import { cancelledMessage } from "../../views/request/thread.ts";
import { defineCommand } from "../define.ts";

export const cancel = defineCommand({
  name: "cancel",
  group: "Respond",
  summary: "take back a request of yours that waits",
  details:
    "The same as Cancel on its card, for when the card is not at hand. Only who asked may, while it waits for approval or, approved, for something else.",
  examples: ["cancel ZT-7K3M2QF"],
  role: "operator",
  changes: true,
  calls: [],
  args: { request: { kind: "word", required: false, summary: "the request's id, such as ZT-7K3M2QF" } },
  async run({ deps, asker }, { request: typed }) {
    const wrong = await whatIsWrong(deps, typed);
    if (wrong !== null) throw new UserError({ ...wrong, next: await suggestOwn(deps, asker.userId) });
    const id = (typed ?? "").toUpperCase();
    const request = await takeDecision(deps, "cancel", id, asker);
    const { channel, ts } = request.card;
    const link = ts === null ? null : await permalink(deps.slack.interactive, { channel, ts });
    return cancelledMessage(request, describeRequest(request), link);
  },
});

const MAX_SUGGESTED = 5;

async function whatIsWrong({ db }: Deps, typed: string | undefined): Promise<UserMessage | null> {
  if (typed === undefined) return { what: "Which request?" };
  if (!isRequestId(typed)) return { what: `“${typed}” is not a request's id: those look like ZT-7K3M2QF.` };
  const id = typed.toUpperCase();
  if ((await readRequest(db, id)) !== null) return null;
  return { what: `There is no request ${id}.` };
}

/** What this person could cancel. */
async function suggestOwn({ db }: Deps, requesterId: string): Promise<string> {
  const open = await listRequests(db, { isOpenOnly: true, requesterId, offset: 0, limit: 50 });
  const waiting = open.filter((request) => request.status === "pending" || isHeldBack(request));
  if (waiting.length === 0) return "You have no request that waits: there is nothing to cancel.";
  const named = waiting
    .slice(0, MAX_SUGGESTED)
    .map((request) => `/zt cancel ${request.id} (${describeRequest(request).headline})`);
  const left = waiting.length - named.length;
  return `Yours that wait: ${named.join(", ")}${left > 0 ? `, and ${left} more: /zt requests mine` : ""}.`;
}
