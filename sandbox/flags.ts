import { resolve } from "node:path";
import { parseArgs } from "node:util";

import { isScenario, SCENARIOS, type ScenarioName } from "./scenarios/index.ts";

/** How `npm run sandbox` was started. */
export interface Flags {
  /** Where everything is kept; null for a temporary folder. */
  folder: string | null;
  port: number;
  http: boolean;
  stepUp: boolean;
  play: ScenarioName | null;
  /** Seconds to read a step of a scenario. */
  pace: number;
}

const DEFAULT_PACE = 8;

const HELP = `npm run sandbox -- [--data <folder>] [--port <n>] [--http] [--step-up]
                   [--play <scenario>] [--pace <seconds>]

  --data     keep everything in this folder (default: a temporary one, removed at the end)
  --port     of the page (default 8787; 0 for any free one)
  --http     the bot takes Slack's requests over HTTP instead of Socket Mode
  --step-up  approving revoke and delete-user needs a code: /zt authenticator sets it up
  --play     play a scenario: ${SCENARIOS.join(", ")}
  --pace     seconds to read each of its steps (default ${DEFAULT_PACE})`;

/** What does not fit is one sentence. */
export function readFlags(args: readonly string[]): Flags | { help: string } | { problem: string } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        data: { type: "string" },
        port: { type: "string", default: "8787" },
        http: { type: "boolean", default: false },
        "step-up": { type: "boolean", default: false },
        play: { type: "string" },
        pace: { type: "string", default: String(DEFAULT_PACE) },
        help: { type: "boolean", default: false },
      },
    });
    const { data, play = null } = values;
    const [port, pace] = [Number(values.port), Number(values.pace)];
    if (values.help) return { help: HELP };
    if (play !== null && !isScenario(play))
      return { problem: `There is no scenario "${play}". Choose one of ${SCENARIOS.join(", ")}.` };
    if (values.pace.trim() === "" || !(pace >= 0 && pace <= 600))
      return {
        problem: `Can't read "${values.pace}" as a pace. Try --pace ${DEFAULT_PACE}: seconds, at most 600.`,
      };
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      return { problem: `Can't read "${values.port}" as a port. Try --port 8788.` };
    const folder = data === undefined ? null : resolve(data);
    return { folder, port, http: values.http, stepUp: values["step-up"], play, pace };
  } catch (error) {
    // Its message names the option; what follows it is about the code that called.
    const [first = ""] = (error instanceof Error ? error.message : String(error)).split(/\. |\n/);
    return { problem: `${first.replace(/\.$/, "")}. npm run sandbox -- --help lists the options.` };
  }
}
