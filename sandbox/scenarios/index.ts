import type { Scenario, Scene } from "./scenario.ts";
import { credentialStuffing } from "./stories/credential-stuffing.ts";
import { falseAlarm } from "./stories/false-alarm.ts";
import { phishedUser } from "./stories/phished-user.ts";

/** In the order in which they are offered. */
export const SCENARIOS = ["phished-user", "false-alarm", "credential-stuffing"] as const;
export type ScenarioName = (typeof SCENARIOS)[number];

export function isScenario(name: string): name is ScenarioName {
  return SCENARIOS.some((one) => one === name);
}

/** Each by its name; who is in one depends on the account. */
export function createScenarios(scene: Pick<Scene, "cloudflare">): Record<ScenarioName, Scenario> {
  return {
    "phished-user": phishedUser,
    "false-alarm": falseAlarm,
    "credential-stuffing": credentialStuffing(scene),
  };
}
