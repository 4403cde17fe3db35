import { setTimeout as delay } from "node:timers/promises";

import type { Deps } from "../../deps.ts";
import { summarize } from "../../ops/doctor/text.ts";
import type { Message } from "../../views/blocks.ts";
import { doctorMessage, doctorWaiting } from "../../views/doctor.ts";
import { defineCommand, type ShowEarly } from "../define.ts";

/** A reader who waits longer than this thinks that it does not work. */
const EARLY_MS = 1500;

export const doctor = defineCommand({
  name: "doctor",
  group: "Help",
  summary: "what is wrong with zt-bot itself, and how to fix it",
  details:
    "Checks the Slack app, the Cloudflare token, the policy, the approvals channel, the clock and the database. On the server: npm run doctor.",
  examples: ["doctor"],
  role: "operator",
  calls: [],
  args: {},
  run: ({ deps, showEarly }) => show(deps, showEarly),
  screen: (deps, _params, _asker, showEarly) => show(deps, showEarly),
});

async function show(deps: Deps, showEarly: ShowEarly | undefined): Promise<Message> {
  const asked = deps.doctor();
  if (showEarly !== undefined) {
    const patience = delay(EARLY_MS, null, { ref: false });
    // One after the other: the answer must not be overtaken.
    if ((await Promise.race([asked, patience])) === null) await showEarly(doctorWaiting());
  }
  const report = await asked;
  return doctorMessage(report, summarize(report), deps.now());
}
