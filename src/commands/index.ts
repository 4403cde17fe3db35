import { ACTIONS } from "../actions/index.ts";
import { actionCommand } from "./action-command.ts";
import { cancel } from "./requests/cancel.ts";
import { changes } from "./look-ups/changes.ts";
import { authenticator } from "./requests/authenticator.ts";
import { audit } from "./requests/audit.ts";
import { doctor } from "./requests/doctor.ts";
import { devices } from "./look-ups/devices.ts";
import { incident } from "./incident/index.ts";
import { failedSignIns } from "./look-ups/failed-sign-ins.ts";
import { createHelp } from "./help.ts";
import { identity } from "./look-ups/identity.ts";
import { signIns } from "./look-ups/sign-ins.ts";
import { createRegistry, seal, type Registry } from "./registry.ts";
import { pauseCommand, resumeCommand } from "./requests/pause.ts";
import { requests } from "./requests/requests.ts";
import { risk } from "./look-ups/risk.ts";
import { sessions } from "./look-ups/sessions.ts";
import { timeline } from "./look-ups/timeline.ts";
import { user } from "./look-ups/user.ts";
import { unwatch, watchCommand } from "./requests/watch.ts";
import { users } from "./look-ups/users.ts";

/** Every subcommand, in the order of help. A new look-up is a file of its own and a line here; a new action, see actions. */
export function createCommands(): Registry {
  const registry: Registry = createRegistry([
    seal(user),
    seal(users),
    seal(sessions),
    seal(identity),
    seal(signIns),
    seal(failedSignIns),
    seal(devices),
    seal(risk),
    seal(changes),
    timeline,
    ...ACTIONS.map(actionCommand),
    incident,
    seal(requests),
    seal(cancel),
    watchCommand,
    unwatch,
    seal(pauseCommand),
    seal(resumeCommand),
    seal(authenticator),
    seal(audit),
    seal(doctor),
    createHelp(() => registry.all),
  ]);
  return registry;
}
