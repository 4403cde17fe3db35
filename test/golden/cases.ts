import type { HomeView, ModalView } from "@slack/types";

import type { Message } from "../../src/views/blocks.ts";
import { AFTER } from "./cases/after.ts";
import { AUTHENTICATOR } from "./cases/authenticator.ts";
import { CARDS } from "./cases/cards.ts";
import { CHANNEL } from "./cases/channel.ts";
import { DECIDED_CARDS } from "./cases/decided-cards.ts";
import { DIRECT } from "./cases/direct.ts";
import { DOCTOR } from "./cases/doctor.ts";
import { ERRORS } from "./cases/errors.ts";
import { FORMS } from "./cases/forms.ts";
import { HELP } from "./cases/help.ts";
import { HOME } from "./cases/home.ts";
import { INCIDENTS } from "./cases/incidents.ts";
import { LISTS } from "./cases/lists.ts";
import { LOOK_UPS } from "./cases/look-ups/look-ups.ts";
import { MODALS } from "./cases/modals.ts";
import { PEOPLE_CASES } from "./cases/people.ts";
import { REFUSALS } from "./cases/refusals.ts";
import { REQUESTER } from "./cases/requester.ts";
import { SUMMARIES } from "./cases/summaries.ts";
import { THREADS } from "./cases/threads.ts";

/** What is shown where, by a name that says what it is. */
export type Room = Readonly<Record<string, Message | ModalView | HomeView>>;

/** Something that the bot shows, as a reviewer reads it and as Slack is asked about it. */
export type GoldenCase = { name: string } & (
  | { surface: "message"; shown: Message }
  | { surface: "modal"; shown: ModalView }
  | { surface: "home"; shown: HomeView }
);

const ROOMS: Readonly<Record<string, Room>> = {
  summaries: SUMMARIES,
  "look-ups": LOOK_UPS,
  people: PEOPLE_CASES,
  cards: CARDS,
  "decided-cards": DECIDED_CARDS,
  threads: THREADS,
  direct: DIRECT,
  requester: REQUESTER,
  forms: FORMS,
  modals: MODALS,
  lists: LISTS,
  after: AFTER,
  incidents: INCIDENTS,
  channel: CHANNEL,
  authenticator: AUTHENTICATOR,
  home: HOME,
  help: HELP,
  doctor: DOCTOR,
  errors: ERRORS,
  refusals: REFUSALS,
};

/** One case for each thing that the bot shows, always the same ones: `<room>/<name>`, which is its file's. */
export function goldenCases(): GoldenCase[] {
  return Object.entries(ROOMS).flatMap(([room, cases]) =>
    Object.entries(cases).map(([name, shown]) => caseOf(`${room}/${name}`, shown)),
  );
}

function caseOf(name: string, shown: Room[string]): GoldenCase {
  if (!("type" in shown)) return { name, surface: "message", shown };
  return shown.type === "modal" ? { name, surface: "modal", shown } : { name, surface: "home", shown };
}
