import { cancel } from "./cancel.ts";
import { changes } from "./changes.ts";
import { deleteDevices } from "./delete-devices.ts";
import { audit } from "./audit.ts";
import { devices } from "./devices.ts";
import { failedLogins } from "./failed-logins.ts";
import { createHelp } from "./help.ts";
import { identity } from "./identity.ts";
import { logIns } from "./log-ins.ts";
import { createRegistry, seal, type Registry } from "./registry.ts";
import { createUser } from "./create-user.ts";
import { deleteUser } from "./delete-user.ts";
import { pauseCommand } from "./pause.ts";
import { renameUser } from "./rename-user.ts";
import { requests } from "./requests.ts";
import { resetRisk } from "./reset-risk.ts";
import { restoreDevices } from "./restore-devices.ts";
import { resumeCommand } from "./resume.ts";
import { revokeDevices } from "./revoke-devices.ts";
import { revoke } from "./revoke.ts";
import { risk } from "./risk.ts";
import { sessions } from "./sessions.ts";
import { user } from "./user.ts";
import { users } from "./users.ts";

/** Every subcommand, in the order of help. A new one is a file of its own and a line here. */
export function createCommands(): Registry {
  const registry: Registry = createRegistry([
    seal(user),
    seal(users),
    seal(sessions),
    seal(identity),
    seal(logIns),
    seal(failedLogins),
    seal(devices),
    seal(risk),
    seal(changes),
    seal(revoke),
    seal(revokeDevices),
    seal(restoreDevices),
    seal(deleteDevices),
    seal(resetRisk),
    seal(createUser),
    seal(renameUser),
    seal(deleteUser),
    seal(requests),
    seal(cancel),
    seal(pauseCommand),
    seal(resumeCommand),
    seal(audit),
    createHelp(() => registry.all),
  ]);
  return registry;
}
