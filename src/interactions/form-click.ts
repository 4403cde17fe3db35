import { UserError } from "../errors.ts";
import type { FormRequest } from "../commands/define.ts";
import { ACTION_NAMES, type Wish } from "../requests/plan.ts";
import { readRequest } from "../requests/store.ts";
import { unpackParams } from "../views/screen-button.ts";
import type { Deps } from "../deps.ts";
import type { Click } from "./click.ts";
import { openForm } from "./open-form.ts";

/** A button that opens an action's form, for the user (or the earlier request) whose id it carries. */
export async function showForm(actionId: string, click: Click): Promise<void> {
  const { deps, asker, triggerId, channelId, value } = click;
  const action = ACTION_NAMES.find((name) => name === actionId.split(":")[1]);
  if (action === undefined) {
    throw new UserError({
      what: "This button leads nowhere any more.",
      why: "It is from another version of zt-bot.",
      next: "Type the command: /zt help lists them all.",
    });
  }
  const { user, request } = unpackParams(value);
  const prefill = request === undefined ? {} : await prefillFrom(deps, request);
  const form: FormRequest = {
    action,
    who: user === undefined || user === "" ? null : { kind: "id", id: user },
    prefill,
    reason: "",
  };
  await openForm(deps, triggerId, { asker, originChannel: channelId }, form);
}

/** Undo: the devices that an earlier request revoked, ticked already. */
async function prefillFrom(deps: Deps, requestId: string): Promise<Partial<Wish>> {
  const request = await readRequest(deps.db, requestId);
  if (request?.plan.action !== "revoke-devices") return {};
  return { registrationIds: request.plan.options.registrations.map((one) => one.id) };
}
