import { describeSignIns } from "../../pictures/sign-ins.ts";
import type { SignInLanes } from "../../lookup/sign-ins/lanes.ts";
import { context, message, section, type Message } from "../blocks.ts";
import { clean, escape, when } from "../text.ts";

/** The picture of a user's sign-ins; `file` is its id in Slack. */
export function signInPicture(file: string, data: SignInLanes): Message {
  const words = describeSignIns(data);
  return message(
    escape(words, 1000),
    { type: "image", slack_file: { id: file }, alt_text: clean(words, 2000) },
    context(`As of ${when(data.to)}`),
  );
}

/** The same where there is no picture. */
export function signInsInWords(data: SignInLanes): Message {
  const words = describeSignIns(data);
  // A line for each place: read out it is one text, on a screen nobody finds the place in one.
  const lines = words.split(/(?<=\.) (?=[A-Z])/).map((line) => escape(line, 500));
  return message(escape(words, 2500), section(lines), context(`As of ${when(data.to)}`));
}
