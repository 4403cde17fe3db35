import { isNoRoute } from "../../api/errors.ts";
import { describeFailure as describeCloudflare } from "../../cloudflare-trouble.ts";
import { list } from "../../pluralize.ts";
import { utc } from "../../views/text.ts";
import { type Check, defineCheck, describeFailure } from "./check.ts";
import { LINKS } from "./links.ts";
import type { CloudflareReading, Failure, PermissionNeed, Probe } from "./readings.ts";
import type { Verdict } from "./results.ts";
import { describeLatency } from "./slack-checks.ts";

/** Long enough to get another one approved and put in place. */
const WARN_BEFORE_MS = 14 * 24 * 60 * 60_000;

/** Cloudflare's code for what the token has no business with. */
const OUT_OF_SCOPE = 9109;

export const CLOUDFLARE_CHECKS: readonly Check[] = [
  defineCheck({
    name: "cloudflare",
    title: "Cloudflare",
    needs: ["cloudflare", "now"],
    judge: ({ cloudflare, now }) => [judgeAccess(cloudflare, now)],
  }),
  defineCheck({
    name: "permissions",
    title: "Cloudflare permissions",
    needs: ["cloudflare", "needs", "now", "checksApproverRisk"],
    judge: ({ cloudflare, needs, now, checksApproverRisk }) => {
      const access = judgeAccess(cloudflare, now);
      const isRefused = access.status === "problem" && [...cloudflare.probes.values()].every(({ ok }) => !ok);
      if (isRefused)
        return [{ status: "unknown", what: "Unknown until Cloudflare accepts the token and the account" }];
      return [
        ...needs.flatMap((need) => judgeNeed(need, cloudflare, checksApproverRisk)),
        ...describeNotProbed(needs, cloudflare),
      ];
    },
  }),
];

/** Whether Cloudflare takes the credentials, and for this account. */
function judgeAccess(reading: CloudflareReading, now: number): Verdict {
  const { token, probes, latencyMs } = reading;
  const outcomes = [...probes.values()];
  const failures = outcomes.flatMap((one) => (one.ok ? [] : [one.failure]));
  const isNothingRead = failures.length === outcomes.length;
  if (isNothingRead && isOfAccount(reading, failures))
    return {
      status: "problem",
      what: "The token reads nothing in the account of CLOUDFLARE_ACCOUNT_ID: it is another account's, or the id is wrong",
      fix: "Copy the account ID from the Cloudflare dashboard into CLOUDFLARE_ACCOUNT_ID",
      link: LINKS.accountId,
    };
  const first = token === null ? failures[0] : token.ok ? undefined : token.failure;
  if (first !== undefined && (token !== null || isNothingRead)) return explainAccess(first);
  if (token?.ok === true) {
    const { status, expiresAt, kind } = token.value;
    const link = kind === "user" ? LINKS.userTokens : LINKS.accountTokens;
    const fix = "Create a new token with the same permissions, set CLOUDFLARE_API_TOKEN and restart zt-bot";
    if (status !== null && status !== "active")
      return { status: "problem", what: `The Cloudflare token is ${status}`, fix, link };
    if (expiresAt !== null && expiresAt - now <= WARN_BEFORE_MS)
      return { status: "problem", what: `The Cloudflare token expires ${utc(expiresAt)}`, fix, link };
  }
  if (latencyMs === null) return { status: "unknown", what: "Unknown: Cloudflare did not answer" };
  return describeLatency(
    "Cloudflare",
    latencyMs,
    token === null ? "by email and key" : "the token is active",
  );
}

/** All that was refused was refused for the account: a token is verified under its own account, or belongs to a user. */
function isOfAccount({ token }: CloudflareReading, failures: readonly Failure[]): boolean {
  if (failures.length === 0 || (token?.ok === true && token.value.kind === "account")) return false;
  const isUserToken = token?.ok === true && token.value.kind === "user";
  return failures.every(({ of, ...failure }) => {
    if (of !== "cloudflare" || !("error" in failure)) return false;
    const { error } = failure;
    if (!("codes" in error)) return false;
    return (
      error.codes.includes(OUT_OF_SCOPE) || isNoRoute(error) || (isUserToken && error.kind === "permission")
    );
  });
}

function explainAccess(failure: Failure): Verdict {
  const isOf = (...kinds: string[]): boolean =>
    failure.of === "cloudflare" && kinds.includes(failure.error.kind);
  if (isOf("auth", "permission"))
    return {
      status: "problem",
      what: "Cloudflare rejects the API credentials: mistyped, expired or revoked",
      fix: "Create a token, set CLOUDFLARE_API_TOKEN and restart zt-bot",
      link: LINKS.accountTokens,
    };
  if (failure.of === "time" || isOf("network", "timeout", "unexpected"))
    return {
      status: "problem",
      what: "Cloudflare's API can't be reached",
      fix: "Let this machine reach api.cloudflare.com over HTTPS, or wait where Cloudflare reports an outage",
      link: LINKS.cloudflareStatus,
    };
  return { status: "unknown", what: `Unknown: ${describeFailure(failure)}` };
}

function judgeNeed(
  { permission, subcommands }: PermissionNeed,
  { probes, token }: CloudflareReading,
  checksApproverRisk: boolean,
): Verdict[] {
  const probe = permission === null ? undefined : probes.get(permission);
  if (permission === null || probe === undefined) return [];
  const name = `“${permission}”`;
  if (probe.ok)
    return [
      probe.isEmpty
        ? {
            status: "unknown",
            what: `${name}: unknown. Cloudflare lists no users, which it may also do without the permission`,
          }
        : { status: "ok", what: name },
    ];
  return [
    explainProbe(name, probe, {
      subcommands,
      checksApproverRisk,
      isUsers: token?.ok === true && token.value.kind === "user",
    }),
  ];
}

function explainProbe(
  name: string,
  { failure }: Extract<Probe, { ok: false }>,
  {
    subcommands,
    checksApproverRisk,
    isUsers,
  }: { subcommands: readonly string[]; checksApproverRisk: boolean; isUsers: boolean },
): Verdict {
  const unknown: Verdict = { status: "unknown", what: `${name}: unknown, ${describeFailure(failure)}` };
  if (failure.of !== "cloudflare") return unknown;
  const { error } = failure;
  if (error.kind === "permission")
    return {
      status: "problem",
      what: `The Cloudflare token lacks ${name}, which ${list(subcommands)} ${subcommands.length === 1 ? "needs" : "need"}`,
      fix: `Add ${name} to the token. No restart is needed`,
      link: isUsers ? LINKS.userTokens : LINKS.accountTokens,
    };
  if (error.kind !== "not-enabled") return unknown;
  if (!error.call.includes("risk"))
    return {
      status: "problem",
      what: "Zero Trust is not set up on this Cloudflare account",
      fix: describeCloudflare(error).next.replace(/\.$/, ""),
      link: LINKS.zeroTrust,
    };
  if (!checksApproverRisk)
    return {
      status: "ok",
      what: `${name}: risk scoring is not on this Cloudflare plan, and policy.yml does not rely on it`,
    };
  return {
    status: "problem",
    what: "Risk scoring is not enabled on this Cloudflare account: no approver's own risk can be checked",
    fix: "Set approver_hygiene: false in policy.yml, unless the account can get risk scoring (Enterprise plan)",
    link: LINKS.policy,
  };
}

/** What no read shows: it would have to be tried. */
function describeNotProbed(needs: readonly PermissionNeed[], { probes }: CloudflareReading): Verdict[] {
  const others = needs.filter(({ permission }) => permission !== null && !probes.has(permission));
  if (others.length === 0) return [];
  const names = others.map(({ permission, subcommands }) => `“${permission}” (${subcommands.join(", ")})`);
  return [
    {
      status: "unasked",
      what: `Not probed, as only a change would show them: ${list(names)}. Compare them with the token's`,
      link: LINKS.accountTokens,
    },
  ];
}
