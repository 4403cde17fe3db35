import type { WebClient } from "@slack/web-api";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import type { Cloudflare } from "../../src/api/cloudflare.ts";
import { createLogger } from "../../src/log/log.ts";
import { createPolicyCheck } from "../../src/ops/policy-check.ts";
import { parsePolicy } from "../../src/policy-file.ts";
import { createChannels } from "../../src/slack/channels.ts";

const HOUR = 3_600_000;
const TEXT = "channels: { approvals: C0APPROV1 }\noperators: [U0ALICE]\napprovers: [U0BOB, U0CAROL]\n";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A Slack in which everybody is well, until a test says otherwise. */
function start() {
  const slack = { isPrivate: true, deactivated: new Set<string>(), asked: [] as string[] };
  const client = {
    conversations: { info: () => Promise.resolve({ channel: { is_private: slack.isPrivate } }) },
    users: {
      info({ user }: { user: string }) {
        slack.asked.push(user);
        const profile = { email: `${user.toLowerCase()}@example.com` };
        return Promise.resolve({
          user: { id: user, team_id: "T0HOME", deleted: slack.deactivated.has(user), profile },
        });
      },
    },
    usergroups: { users: { list: () => Promise.resolve({ users: [] }) } },
  } as unknown as WebClient;
  const lines: string[] = [];
  const log = createLogger("info", { write: (line) => void lines.push(line) });
  const policy = parsePolicy(TEXT, "policy.yml");
  const check = createPolicyCheck({
    client,
    cloudflare: {} as Cloudflare,
    channels: createChannels(client, Date.now),
    policy: { current: () => policy, hash: () => "", reload: () => Promise.resolve([]) },
    homeTeamId: "T0HOME",
    log,
  });
  const halt = new AbortController();
  const rules = () => check.findings().map(({ rule }) => rule);
  return { slack, check, halt, rules, warnings: () => lines.filter((line) => line.includes('"rule"')) };
}

it("what changes in Slack later is found within the hour, told once, and gone when it is over", async () => {
  const { slack, check, halt, rules, warnings } = start();
  await check.run(halt.signal);
  expect(rules()).toEqual([]);

  slack.deactivated.add("U0CAROL");
  slack.isPrivate = false;
  await vi.advanceTimersByTimeAsync(HOUR);
  expect(rules()).toEqual(["deactivated-person", "public-channel"]);
  await vi.advanceTimersByTimeAsync(HOUR);
  expect(warnings()).toHaveLength(2);

  slack.deactivated.clear();
  slack.isPrivate = true;
  await vi.advanceTimersByTimeAsync(HOUR);
  expect(rules()).toEqual([]);

  // Nothing is asked once the process stops.
  halt.abort();
  slack.asked.length = 0;
  await vi.advanceTimersByTimeAsync(2 * HOUR);
  expect(slack.asked).toEqual([]);
});
