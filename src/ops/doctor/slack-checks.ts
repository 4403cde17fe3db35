import { capitalize, list } from "../../pluralize.ts";
import { describeSlackTrouble, isTokenTrouble, SHARED_OUTSIDE } from "../../slack-trouble.ts";
import { refuseChannel } from "../../approvals/channel.ts";
import { SCOPES } from "../../slack/scopes.ts";
import { utc } from "../../views/text.ts";
import { type Check, defineCheck, describeFailure, isSilence } from "./check.ts";
import { LINKS } from "./links.ts";
import type { ApprovalsChannel, Failure } from "./readings.ts";
import type { Verdict } from "./results.ts";

/** A command has to be acknowledged within three seconds, and approvals ask Slack before they count. */
const SLOW_MS = 2500;

export const SLACK_CHECKS: readonly Check[] = [
  defineCheck({
    name: "slack",
    title: "Slack",
    needs: ["slack"],
    missed: explainSlack,
    judge: ({ slack: { team, latencyMs } }) => [describeLatency("Slack", latencyMs, `workspace ${team}`)],
  }),
  defineCheck({
    name: "app-token",
    title: "Socket Mode",
    needs: ["appToken"],
    missed: (failure) =>
      failure.of === "slack" && !isSilence(failure.code) && failure.code !== "ratelimited"
        ? {
            status: "problem",
            what: `Slack refused SLACK_APP_TOKEN (${failure.code}): no command would arrive`,
            fix: "Create an app-level token with connections:write under Basic Information, and set SLACK_APP_TOKEN",
            link: LINKS.slackApps,
          }
        : { status: "unknown", what: `Unknown: ${describeFailure(failure)}` },
    judge: ({ appToken }) =>
      appToken === "taken" ? [{ status: "ok", what: "Slack accepts the app-level token" }] : [],
  }),
  defineCheck({
    name: "scopes",
    title: "Slack scopes",
    needs: ["slack"],
    judge: ({ slack: { scopes } }) => {
      if (scopes === null)
        return [{ status: "unknown", what: "Unknown: Slack did not name the app's scopes" }];
      const missing = Object.entries(SCOPES).filter(([scope]) => !scopes.includes(scope));
      if (missing.length === 0) return [{ status: "ok", what: "All those of manifest.yml are granted" }];
      return [
        {
          status: "problem",
          what: `The Slack app lacks ${list(missing.map(([scope]) => scope))}. What fails: ${list([...new Set(missing.map(([, what]) => what))])}`,
          fix: "Paste manifest.yml into App Manifest in the app's settings, and install the app again",
          link: LINKS.slackApps,
        },
      ];
    },
  }),
  defineCheck({
    name: "grid",
    title: "Enterprise Grid",
    needs: ["slack"],
    judge: ({ slack: { enterpriseId, isOrgInstall, team } }) => {
      if (isOrgInstall)
        return [
          {
            status: "problem",
            what: "The app is installed for the whole organization: zt-bot serves one workspace",
            fix: "Install the app into the one workspace, and set SLACK_BOT_TOKEN to its token",
            link: LINKS.slackApps,
          },
        ];
      const what =
        enterpriseId === null
          ? "Not part of an Enterprise organization"
          : `In ${enterpriseId}, for workspace ${team} only`;
      return [{ status: "ok", what }];
    },
  }),
  defineCheck({
    name: "channel",
    title: "Approvals channel",
    needs: ["channel"],
    missed: (failure) => (failure.of === "slack" ? explainChannel(failure.code) : unknown(failure)),
    judge: ({ channel }) => [
      findChannelProblem(channel) ?? { status: "ok", what: `zt-bot is in ${nameOf(channel)}` },
    ],
  }),
  defineCheck({
    name: "audience",
    title: "Who reads it",
    needs: ["channel", "slack"],
    missed: () => null,
    judge: ({ channel, slack: { url } }) => {
      const refusal = refuseChannel(channel.reading);
      const link = url === null ? LINKS.install : `${url}archives/${channel.id}`;
      if (refusal !== null && refusal.kind === "shared") {
        const { next } = describeSlackTrouble(SHARED_OUTSIDE);
        const what = `${capitalize(refusal.what)}: zt-bot takes no requests`;
        return [{ status: "problem", what, fix: capitalize(next ?? refusal.next), link }];
      }
      if (refusal !== null) return [{ status: "unknown", what: capitalize(refusal.what) }];
      if (channel.reading.audience?.isPublic === true)
        return [
          {
            status: "problem",
            what: `${nameOf(channel)} is public: everyone in the workspace can read who is under investigation`,
            fix: "Make it private in its settings in Slack",
            link,
          },
        ];
      return [{ status: "ok", what: `Only the members of ${nameOf(channel)}` }];
    },
  }),
  defineCheck({
    name: "direct-messages",
    title: "Direct messages",
    needs: ["database"],
    missed: () => LOOK_AT_TAB,
    judge: ({ database }) => {
      if (database === "none yet" || database.direct === null) return [LOOK_AT_TAB];
      const { at, isDelivered } = database.direct;
      if (isDelivered) return [{ status: "ok", what: `Slack took the last one (${utc(at)})` }];
      return [
        {
          status: "problem",
          what: `Slack did not take the last one (${utc(at)}): it went to the channel instead`,
          fix: "Switch on the Messages tab under App Home in the app's settings",
          link: LINKS.slackApps,
        },
      ];
    },
  }),
];

/** Slack tells an app nothing of its own tabs: only a message that is refused shows it. */
const LOOK_AT_TAB: Verdict = {
  status: "unasked",
  what: "Slack doesn't say whether the Messages tab is on: check App Home in the app's settings",
  link: LINKS.slackApps,
};

/** An answer's time, and what goes with it. */
export function describeLatency(whose: string, ms: number, more: string): Verdict {
  const time = `${Math.round(ms)} ms`;
  if (ms < SLOW_MS) return { status: "ok", what: `Answers in ${time}, ${more}` };
  return {
    status: "problem",
    what: `${whose} took ${time} to answer: buttons and forms may time out`,
    fix: "Check the network between zt-bot and the internet, or run it closer",
    link: whose === "Slack" ? LINKS.slackStatus : LINKS.cloudflareStatus,
  };
}

function explainSlack(failure: Failure): Verdict {
  if (failure.of === "slack" && isTokenTrouble(failure.code))
    return {
      status: "problem",
      what: `Slack rejects SLACK_BOT_TOKEN (${failure.code})`,
      fix: "Install the app again and set SLACK_BOT_TOKEN to the Bot User OAuth Token under OAuth & Permissions",
      link: LINKS.slackApps,
    };
  if (failure.of === "time" || (failure.of === "slack" && isSilence(failure.code)))
    return {
      status: "problem",
      what: "Slack can't be reached",
      fix: "Let this machine reach slack.com over HTTPS, or wait where Slack reports an outage",
      link: LINKS.slackStatus,
    };
  return unknown(failure);
}

function unknown(failure: Failure): Verdict {
  return { status: "unknown", what: `Unknown: ${describeFailure(failure)}` };
}

function explainChannel(code: string): Verdict {
  const { why, next } = describeSlackTrouble(code);
  if (code !== "channel_not_found") return unknown({ of: "slack", code });
  return { status: "problem", what: capitalize(why), fix: capitalize(next ?? ""), link: LINKS.install };
}

function findChannelProblem(channel: ApprovalsChannel): Verdict | null {
  const code = channel.isArchived ? "is_archived" : channel.isMember ? null : "not_in_channel";
  if (code === null) return null;
  const { why, next } = describeSlackTrouble(code);
  return {
    status: "problem",
    what: `${capitalize(why)} (${nameOf(channel)}): no request would be seen`,
    fix: capitalize(next ?? ""),
    link: LINKS.install,
  };
}

function nameOf({ id, name }: ApprovalsChannel): string {
  return name === null ? id : `#${name}`;
}
