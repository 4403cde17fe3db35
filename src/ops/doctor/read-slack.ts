import { LogLevel, WebClient } from "@slack/web-api";
import PQueue from "p-queue";

import { createServerClock } from "../../api/server-clock.ts";
import type { Config } from "../../config.ts";
import type { Policy } from "../../policy-file.ts";
import { audienceOf } from "../../slack/channels.ts";
import { readGroup, readPerson, type Person } from "../../slack/directory.ts";
import { listIds, peopleToRead } from "../policy-rules.ts";
import { attempt } from "./deadline.ts";
import type { ApprovalsChannel, Principals, Reading, Skew, SlackReading } from "./readings.ts";

/** People who are looked up: Slack allows about 100 a minute, and clicks need them as well. */
const MAX_PEOPLE = 40;
const AT_ONCE = 8;

/** What is asked of Slack, on connections of its own: nobody's click waits behind it. */
export interface SlackProbe {
  identity(): Promise<SlackReading>;
  channel(id: string): Promise<ApprovalsChannel>;
  principals(policy: Policy): Promise<Principals>;
  /** Once the others are done: their answers carry Slack's time. */
  skew(): Skew;
}

/** `now`: this machine's clock, epoch milliseconds. */
export function createSlackProbe(
  { botToken, apiUrl }: Pick<Config["slack"], "botToken" | "apiUrl">,
  timeoutMs: number,
  now: () => number,
): SlackProbe {
  const clock = createServerClock();
  let isTimed = false;
  /** Of the quickest answer: the others stand behind one another. */
  let quickestMs = Number.POSITIVE_INFINITY;
  const client = createClient(botToken, { apiUrl, timeoutMs }, (date, sentAt) => {
    if (date === null) return;
    isTimed = true;
    clock.learn(date, sentAt, now());
  });

  function createClient(
    token: string,
    { apiUrl: slackApiUrl, timeoutMs: timeout }: { apiUrl: string; timeoutMs: number },
    learn: (date: string | null, sentAt: number) => void,
  ): WebClient {
    return new WebClient(token, {
      slackApiUrl,
      timeout,
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
      logLevel: LogLevel.ERROR,
      async fetch(...request) {
        const sentAt = now();
        const startedAt = performance.now();
        const response = await fetch(...request);
        quickestMs = Math.min(quickestMs, performance.now() - startedAt);
        learn(response.headers.get("date"), sentAt);
        return response;
      },
    });
  }

  return {
    async identity() {
      const answer = await client.auth.test();
      return {
        teamId: answer.team_id ?? "",
        team: answer.team ?? "",
        url: answer.url ?? null,
        enterpriseId: answer.enterprise_id ?? null,
        isOrgInstall: answer.is_enterprise_install === true,
        scopes: answer.response_metadata?.scopes ?? null,
        latencyMs: quickestMs,
      };
    },
    channel: (id) => readChannel(client, id),
    principals: (policy) => readPrincipals(client, policy),
    skew: () => (isTimed ? skewOf(clock.timeOf, now()) : null),
  };
}

/** By how much our clock is ahead of another, of which `timeOf` gives the time. */
export function skewOf(timeOf: (at: number) => number, at: number): number {
  return at - timeOf(at);
}

async function readChannel(client: WebClient, id: string): Promise<ApprovalsChannel> {
  const { channel } = await client.conversations.info({ channel: id });
  return {
    id,
    name: channel?.name ?? null,
    isArchived: channel?.is_archived === true,
    isMember: channel?.is_member === true,
    reading:
      channel === undefined
        ? { audience: null, trouble: "no answer" }
        : { audience: audienceOf(channel), trouble: null },
  };
}

async function readPrincipals(client: WebClient, policy: Policy): Promise<Principals> {
  const queue = new PQueue({ concurrency: AT_ONCE });
  const groupIds = listIds(policy).filter((id) => id.startsWith("S"));
  // Their names help people who read this, and nothing depends on them.
  const named = attempt(() => client.usergroups.list());
  const groups = new Map(
    await queue.addAll(groupIds.map((id) => async () => [id, await readGroup(client, id)] as const)),
  );
  const ids = peopleToRead(policy, groups);
  const people = new Map<string, Person | null>(
    await queue.addAll(
      ids.slice(0, MAX_PEOPLE).map((id) => async () => [id, await readPerson(client, id)] as const),
    ),
  );
  const names = new Map([...people].flatMap(([id, person]) => (person === null ? [] : [[id, person.name]])));
  for (const [id, name] of namesOf(await named)) names.set(id, name);
  return { facts: { groups, people, channel: null }, names, isSample: ids.length > MAX_PEOPLE };
}

function namesOf(
  named: Reading<{ usergroups?: { id?: string; handle?: string }[] }>,
): [id: string, name: string][] {
  if (!named.ok) return [];
  return (named.value.usergroups ?? []).flatMap(({ id, handle }) =>
    id === undefined || handle === undefined ? [] : [[id, `@${handle}`]],
  );
}

/** Whether Slack takes the app-level token of Socket Mode: it names an address, and nothing connects to it. */
export async function tryAppToken(
  appToken: string,
  { apiUrl, timeoutMs }: { apiUrl: string; timeoutMs: number },
): Promise<"taken"> {
  const client = new WebClient(appToken, {
    slackApiUrl: apiUrl,
    timeout: timeoutMs,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logLevel: LogLevel.ERROR,
  });
  await client.apps.connections.open({});
  return "taken";
}
