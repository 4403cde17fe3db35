import { defineAction } from "../define.ts";
import { execute, prepare, readBaseline, type RevokeBaseline } from "./call.ts";
import { command } from "./command.ts";
import { form } from "./form.ts";
import { RevokeOptions, type RevokePlan, type RevokeWish } from "./options.ts";
import { verify } from "./verification.ts";
import { callText, describe, question } from "./words.ts";

export const revoke = defineAction<RevokePlan, RevokeWish, RevokeBaseline>({
  name: "revoke",
  label: "Revoke sessions",
  access: "takes",
  isUrgent: true,
  namesTarget: true,
  options: RevokeOptions,
  command,
  form,
  prepare,
  question,
  describe,
  callText,
  readBaseline,
  execute,
  verify,
});
