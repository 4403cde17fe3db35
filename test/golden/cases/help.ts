import { usageOf } from "../../../src/commands/define.ts";
import { createCommands } from "../../../src/commands/index.ts";
import { commandHelp, helpMessage } from "../../../src/views/help.ts";
import { SECOPS } from "../story.ts";

const entries = createCommands().all.map((command) => ({ ...command, usage: usageOf(command) }));
const lookUps = entries.filter((entry) => entry.changes !== true);
const others = entries.filter((entry) => !lookUps.includes(entry)).map(({ name }) => name);

/** `/zt help`, and help for each subcommand. */
export const HELP = {
  all: helpMessage(entries, { names: [], ask: [] }, []),
  "for-a-viewer": helpMessage(lookUps, { names: others, ask: [SECOPS] }, []),
  "with-policy-findings": helpMessage(entries, { names: [], ask: [] }, [
    {
      rule: "too-few-approvers",
      places: ["actions.delete-user.quorum"],
      danger: "delete-user needs 2 approvers and names 1, so no one can approve it",
      fix: "name another approver, or lower the quorum",
    },
  ]),
  ...Object.fromEntries(entries.map((entry) => [entry.name, commandHelp(entry)])),
};
