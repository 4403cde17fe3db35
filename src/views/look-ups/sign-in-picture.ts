import { describeSignIns } from "../../pictures/sign-ins.ts";
import type { SignInLanes } from "../../lookup/sign-in-lanes.ts";
import { context, message, section, type Message } from "../blocks.ts";
import { clean, escape, when } from "../text.ts";

/** The picture of a user's sign-ins; `file` is its id in Slack. */
export function signInPicture(file: string, data: SignInLanes): Message {
  const words = describeSignIns(data);
  return message(
    escape(words, 1000),
    { type: "image", slack_file: { id: file }, alt_text: clean(words, 2000) },
    context(`Until ${when(data.to)}`),
  );
}

/** The same where there is no picture. */
export function signInsInWords(data: SignInLanes): Message {
  const words = escape(describeSignIns(data), 2500);
  return message(words, section(words), context(`Until ${when(data.to)}`));
}
