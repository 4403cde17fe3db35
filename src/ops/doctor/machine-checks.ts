import { duration } from "../../views/text.ts";
import { type Check, defineCheck } from "./check.ts";
import { LINKS } from "./links.ts";
import type { Skew } from "./readings.ts";

/** package.json's `engines`. */
const LEAST_NODE: readonly [major: number, minor: number] = [22, 19];

/** Codes of authenticators hold for half a minute, and Slack's signed requests for five. */
const MAX_SKEW_MS = 30_000;

export const MACHINE_CHECKS: readonly Check[] = [
  defineCheck({
    name: "settings",
    title: "Settings",
    needs: ["settings"],
    judge: ({ settings }) =>
      settings.length === 0
        ? [{ status: "ok", what: "The environment and policy.yml can be read" }]
        : settings.map(({ what, where }) => ({
            status: "problem",
            what,
            fix:
              where === "policy"
                ? "Correct it in policy.yml; policy.example.yml explains each line"
                : "Correct it in .env",
            link: where === "policy" ? LINKS.policy : LINKS.settings,
          })),
  }),
  defineCheck({
    name: "node",
    title: "Node.js",
    needs: ["machine"],
    judge: ({ machine: { node } }) => {
      const [major = 0, minor = 0] = node.split(".").map(Number);
      const [leastMajor, leastMinor] = LEAST_NODE;
      if (major > leastMajor || (major === leastMajor && minor >= leastMinor))
        return [{ status: "ok", what: `Node.js ${node}` }];
      return [
        {
          status: "problem",
          what: `Node.js ${node} is too old`,
          fix: `Install ${LEAST_NODE.join(".")} or newer`,
          link: LINKS.nodeDownload,
        },
      ];
    },
  }),
  defineCheck({
    name: "files",
    title: "File permissions",
    needs: ["machine"],
    judge: ({ machine: { exposed } }) =>
      exposed.length === 0
        ? [{ status: "ok", what: "Only zt-bot's user can read its files" }]
        : exposed.map(({ what, fix }) => ({
            status: "problem",
            what: what.replace(/^other/, "Other"),
            fix: `Run ${fix}`,
            link: LINKS.install,
          })),
  }),
  defineCheck({
    name: "clock",
    title: "Clock",
    needs: ["slackClock", "cloudflareClock"],
    judge: ({ slackClock, cloudflareClock }) => {
      const known = [
        { whose: "Slack's", skew: slackClock },
        { whose: "Cloudflare's", skew: cloudflareClock },
      ].filter((one): one is { whose: string; skew: number } => one.skew !== null);
      const off = known.filter(({ skew }) => Math.abs(skew) > MAX_SKEW_MS);
      if (off.length > 0)
        return [
          {
            status: "problem",
            what: `zt-bot's clock is ${off.map(describeSkew).join(" and ")}`,
            fix: "Let the machine keep time (timedatectl set-ntp true), then restart zt-bot",
            link: LINKS.doctor,
          },
        ];
      if (known.length === 0)
        return [{ status: "unknown", what: "Unknown: neither Slack nor Cloudflare sent a time" }];
      return [{ status: "ok", what: `Agrees with ${known.map(({ whose }) => whose).join(" and ")}` }];
    },
  }),
];

function describeSkew({ whose, skew }: { whose: string; skew: NonNullable<Skew> }): string {
  return `${duration(Math.abs(skew))} ${skew > 0 ? "ahead of" : "behind"} ${whose}`;
}
