import { compact } from "../../compact.ts";
import type { AccessUser } from "../../api/cloudflare.ts";
import { describeSignIns } from "../../pictures/sign-ins.ts";
import type { SignInLanes } from "../../lookup/sign-ins/lanes.ts";
import { list, plural } from "../../pluralize.ts";
import { context, message, section, type Message } from "../blocks.ts";
import { clean, escape, named, when } from "../text.ts";

/** The sign-ins of an incident's people in one picture, and of whom they are not in it. */
export interface IncidentSignIns {
  lanes: SignInLanes;
  people: AccessUser[];
  /** Of whom only the newest are in it. */
  cut: AccessUser[];
  /** What could not be read, with why. */
  unread: { user: AccessUser; why: string }[];
  /** Further people, who were not asked for. */
  left: number;
}

/** The picture of an incident's people; `file`: its id in Slack, null: the same in words. */
export function incidentPicture(file: string | null, signIns: IncidentSignIns): Message {
  const { lanes, people } = signIns;
  const whose = list(people.map(nameOf));
  const said = notes(signIns);
  if (people.length === 0 || lanes.lanes.length === 0) {
    const none =
      people.length === 0
        ? "⚪ Sign-ins are unknown"
        : `No sign-ins in the last 24 hours: ${escape(whose, 500)}`;
    return message(none, section(none), said.length > 0 && context(said));
  }
  const words = `${whose}. ${describeSignIns(lanes)}`;
  const lines = words.split(/(?<=\.) (?=[A-Z])/).map((line) => escape(line, 500));
  return message(
    escape(words, 1000),
    file === null
      ? section(lines)
      : { type: "image", slack_file: { id: file }, alt_text: clean(words, 2000) },
    context(`Sign-ins of ${escape(whose, 500)} until ${when(lanes.to)}`, said),
  );
}

/** Whose sign-ins are not in it, or not all of them. */
function notes({ unread, cut, left }: IncidentSignIns): string[] {
  const [first] = unread;
  return compact(
    first !== undefined &&
      `Unknown: ${escape(list(unread.map(({ user }) => nameOf(user))), 500)} (${escape(first.why, 150)})`,
    cut.length > 0 && `Newest sign-ins only: ${escape(list(cut.map(nameOf)), 500)}`,
    left > 0 && `${plural(left, "more person", "more people")} not shown: see /zt sign-ins`,
  );
}

function nameOf({ name, email, id }: AccessUser): string {
  return named(name, named(email, id, 60), 60);
}
