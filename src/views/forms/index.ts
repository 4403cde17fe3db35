import type { ActionName, Wish } from "../../requests/plan.ts";
import { deleteDevicesForm, restoreDevicesForm, revokeDevicesForm } from "./devices.ts";
import { resetRiskForm } from "./reset-risk.ts";
import { revokeForm } from "./revoke.ts";
import type { FormSpec, FormValues, Material } from "./spec.ts";
import { createUserForm, deleteUserForm, renameUserForm } from "./users.ts";
import type { KnownBlock } from "@slack/types";

const FORMS: { [Name in ActionName]: FormSpec<Name> } = {
  revoke: revokeForm,
  "revoke-devices": revokeDevicesForm,
  "restore-devices": restoreDevicesForm,
  "delete-devices": deleteDevicesForm,
  "reset-risk": resetRiskForm,
  "create-user": createUserForm,
  "rename-user": renameUserForm,
  "delete-user": deleteUserForm,
};

/** A form without its action's own types. */
export interface AnyForm extends Omit<FormSpec<ActionName>, "fields" | "read"> {
  fields(material: Material, prefill: Partial<Wish>): KnownBlock[];
  read(
    values: FormValues,
    hidden: { kinds: readonly string[] },
  ): { ok: true; wish: Wish } | { ok: false; errors: Record<string, string> };
}

/** The form of an action. The entry of the same name always fits; the compiler can't follow the look-up. */
export function formOf(action: ActionName): AnyForm {
  return FORMS[action];
}
