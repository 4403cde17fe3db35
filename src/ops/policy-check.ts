import { setTimeout as sleep } from "node:timers/promises";

import type { WebClient } from "@slack/web-api";
import { milliseconds } from "date-fns/milliseconds";

import type { Cloudflare } from "../api/cloudflare.ts";
import { isCloudflareFailure } from "../api/errors.ts";
import { describeFailure } from "../cloudflare-trouble.ts";
import { readBlockList } from "../lookup/block-list.ts";
import type { Log } from "../log/log.ts";
import type { Policy, PolicySource } from "../policy-file.ts";
import type { Channels } from "../slack/channels.ts";
import { slackTroubleOf } from "../slack/clients.ts";
import { readGroup, readPerson, type Person } from "../slack/directory.ts";
import {
  listIds,
  NOT_ASKED,
  peopleToRead,
  reviewPolicy,
  type Finding,
  type SlackFacts,
} from "./policy-rules.ts";
import { reviewBlock } from "./block-check.ts";

/** Slack changes without the policy: people leave, groups empty, channels are opened. */
const AGAIN_MS = milliseconds({ hours: 1 });
/** After this, where Slack did not say all of it. */
const RETRY_MS = milliseconds({ minutes: 5 });

/** So many people are looked up at once, the others one a second: of Slack's 100 a minute, clicks need most. */
const MAX_AT_ONCE = 20;

export interface PolicyCheck {
  /** What was found in the policy in force, by now. */
  findings(): readonly Finding[];
  /**
   * Looks for what undoes the policy in force: in the file at once, in Slack and Cloudflare after that, each hour. What is
   * new is a warning in the log. Never rejects.
   */
  run(signal: AbortSignal): Promise<void>;
}

interface CheckDeps {
  client: WebClient;
  cloudflare: Cloudflare;
  channels: Channels;
  policy: PolicySource;
  homeTeamId: string;
  log: Log;
}

export function createPolicyCheck(deps: CheckDeps): PolicyCheck {
  const { policy, homeTeamId, log } = deps;
  let reviewed: Policy | null = null;
  let found: readonly Finding[] = [];
  let timer: NodeJS.Timeout | undefined;

  function note(findings: readonly Finding[]): void {
    const told = new Set(found.map(({ danger }) => danger));
    found = findings;
    for (const { rule, places, danger, fix } of findings)
      if (!told.has(danger)) log.warn({ rule, places, next: fix }, danger);
  }

  async function run(signal: AbortSignal): Promise<void> {
    clearTimeout(timer);
    const current = policy.current();
    if (reviewed !== current) {
      reviewed = current;
      found = [];
      note(reviewPolicy(current, NOT_ASKED, homeTeamId));
    }
    const facts = { groups: new Map(), people: new Map(), channel: null };
    const [isSlackWhole, ofBlock] = await Promise.all([
      readFacts(deps, current, facts, signal),
      findBlockTrouble(deps, current, signal),
    ]);
    const isWhole = isSlackWhole && ofBlock !== null;
    // The process is stopping, or another policy is looked into.
    if (signal.aborted || reviewed !== current) return;
    const findings = [...reviewPolicy(current, facts, homeTeamId), ...(ofBlock ?? [])];
    const isNew = ({ danger }: Finding): boolean => findings.every((one) => one.danger !== danger);
    // What was found before holds until Slack says otherwise.
    note(isWhole ? findings : [...findings, ...found.filter(isNew)]);
    timer = setTimeout(
      () => {
        if (!signal.aborted) void run(signal);
      },
      isWhole ? AGAIN_MS : RETRY_MS,
    ).unref();
  }
  return { findings: () => found, run };
}

/** What is wrong with the block list; null where Cloudflare did not say. */
async function findBlockTrouble(
  { cloudflare, log }: CheckDeps,
  { block }: Policy,
  signal: AbortSignal,
): Promise<Finding[] | null> {
  if (block === null) return [];
  try {
    return reviewBlock(block, await readBlockList(cloudflare, block, { signal }));
  } catch (error) {
    if (!isCloudflareFailure(error)) throw error;
    if (!signal.aborted)
      log.warn({ why: describeFailure(error).brief }, "the block list could not be compared with Cloudflare");
    return null;
  }
}

/** Puts into `facts` what Slack says of whom the policy names. @returns false when it did not say all of it. */
async function readFacts(
  { client, channels, log }: CheckDeps,
  policy: Policy,
  facts: { -readonly [Name in keyof SlackFacts]: SlackFacts[Name] } & {
    groups: Map<string, readonly string[] | null>;
    people: Map<string, Person | null>;
  },
  signal: AbortSignal,
): Promise<boolean> {
  const { groups, people } = facts;
  try {
    facts.channel = await channels.read(policy.approvalsChannel);
    for (const id of listIds(policy).filter((one) => one.startsWith("S")))
      groups.set(id, await readGroup(client, id));
    for (const id of peopleToRead(policy, groups)) {
      if (people.size >= MAX_AT_ONCE) await sleep(1000, undefined, { signal, ref: false });
      people.set(id, await readPerson(client, id));
      if (signal.aborted) return false;
    }
    return true;
  } catch (error) {
    if (!signal.aborted)
      log.warn(
        { why: slackTroubleOf(error) ?? String(error) },
        "the policy could not be compared with Slack",
      );
    return false;
  }
}
