import { toReport, type Row } from "../../../src/ops/doctor/results.ts";
import { summarize } from "../../../src/ops/doctor/text.ts";
import { doctorMessage, doctorWaiting } from "../../../src/views/doctor.ts";
import { NOW } from "../story.ts";

const FINE: Row[] = [
  { check: "settings", title: "Settings", status: "ok", what: "The environment and policy.yml can be read" },
  { check: "slack", title: "Slack", status: "ok", what: "Answers in 84 ms, workspace Example Corp" },
  {
    check: "direct-messages",
    title: "Direct messages",
    status: "unasked",
    what: "Slack doesn't say whether the Messages tab is on: check App Home in the app's settings",
    link: "https://api.slack.com/apps",
  },
];

const WRONG: Row[] = [
  {
    check: "scopes",
    title: "Slack scopes",
    status: "problem",
    what: "The Slack app lacks files:write. What fails: pictures of sign-ins",
    fix: "Paste manifest.yml into App Manifest in the app's settings, and install the app again",
    link: "https://api.slack.com/apps",
  },
  {
    check: "policy",
    title: "Policy",
    status: "problem",
    what: "Every action: needs 5 approvals, and only 2 can approve it",
    fix: "Name more approvers, or lower the quorum (policy.yml: quorum)",
    link: "policy.example.yml",
  },
  {
    check: "clock",
    title: "Clock",
    status: "unknown",
    what: "Unknown: neither Slack nor Cloudflare sent a time",
  },
];

/** `/zt doctor`. */
export const DOCTOR = {
  well: draw(FINE),
  ill: draw([...FINE, ...WRONG]),
  waiting: doctorWaiting(),
};

function draw(rows: readonly Row[]) {
  const report = toReport(rows);
  return doctorMessage(report, summarize(report), NOW);
}
