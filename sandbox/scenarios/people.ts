/** What people do in a scenario, through the same doors as the page. */
import { CARD_ACTIONS } from "../../src/views/card/approvals.ts";
import { INCIDENT_ACTIONS } from "../../src/views/incident/actions.ts";
import { DENY_MODAL } from "../../src/views/request/deny-modal.ts";
import { findElement } from "../slack/elements.ts";
import type { Delivery, StoredMessage } from "../slack/index.ts";
import { toText } from "../slack/text/to-text.ts";
import { CHANNELS, PEOPLE } from "../workspace.ts";
import { canRevoke, findCard, findHead, hasButton, isAnswered, isDecided } from "./find.ts";
import type { Scene, Step } from "./scenario.ts";

/** `/zt …`, in the incident's channel. */
async function type({ slack }: Scene, user: string, text: string): Promise<void> {
  check(await slack.command({ user, channel: CHANNELS.incident, text }), `/zt ${text.split(" ")[0]}`);
}

async function press(
  { slack }: Scene,
  user: string,
  message: StoredMessage | undefined,
  actionId: string,
): Promise<void> {
  if (message === undefined) throw new Error("There is no message with this button yet.");
  check(await slack.click({ user, channel: message.channel, ts: message.ts, actionId }), "The button");
}

function check({ ok, error }: Delivery, what: string): void {
  if (!ok) throw new Error(`${what} did not get through: ${error ?? "no reason given"}.`);
}

type Told = Pick<Step, "title" | "why" | "look">;

/** Alice looks someone up. */
export function lookUp(email: string, told: Told): Step {
  const types = `user ${email}`;
  return {
    ...told,
    byHand: "As Alice, in #incident-7, send:",
    types: () => `/zt ${types}`,
    where: () => ({ user: PEOPLE.alice, channel: CHANNELS.incident }),
    act: (scene) => type(scene, PEOPLE.alice, types),
    isDone: (scene) => isAnswered(scene, PEOPLE.alice, email),
  };
}

/** Alice opens an incident; done once everyone in it has been read. */
export function openIncident(emails: readonly string[], title: string, told: Told): Step {
  const types = `incident open ${emails.join(" ")} "${title}"`;
  return {
    ...told,
    byHand: "As Alice, in #incident-7, send:",
    types: () => `/zt ${types}`,
    where: atIncident(PEOPLE.alice),
    act: (scene) => type(scene, PEOPLE.alice, types),
    isDone: (scene) => {
      const head = findHead(scene);
      return head !== undefined && scene.slack.thread(head.channel, head.ts).length > 0;
    },
  };
}

/** Alice requests a change; done once its card is in #zt-approvals. */
export function request(types: string, told: Told): Step {
  return {
    ...told,
    byHand: "As Alice, in #incident-7, send:",
    types: () => `/zt ${types}`,
    where: () => ({ user: PEOPLE.alice, channel: CHANNELS.incident }),
    act: (scene) => type(scene, PEOPLE.alice, types),
    isDone: (scene) => findCard(scene, scene.since) !== undefined,
  };
}

/** An approver approves the newest request. */
export function approve(by: "bob" | "carol", told: Told): Step {
  return {
    ...told,
    byHand: `As ${NAMES[by]}, in #zt-approvals, press Approve on the newest card.`,
    where: () => ({ user: PEOPLE[by], channel: CHANNELS.approvals }),
    act: (scene) => press(scene, PEOPLE[by], findCard(scene), CARD_ACTIONS.approve),
    isDone: isDecided,
  };
}

/** An approver denies the newest request, in the form that asks for the reason. */
export function deny(by: "bob" | "carol", reason: string, told: Told): Step {
  return {
    ...told,
    byHand: `As ${NAMES[by]}, in #zt-approvals, press Deny… on the newest card and say why.`,
    where: () => ({ user: PEOPLE[by], channel: CHANNELS.approvals }),
    async act(scene) {
      const { slack } = scene;
      const user = PEOPLE[by];
      await press(scene, user, findCard(scene), CARD_ACTIONS.deny);
      const form = await slack.waitFor(() =>
        slack.views(user).find((view) => view.callback_id === DENY_MODAL),
      );
      check(await slack.submitView({ user, viewId: form.id, values: { reason: { reason } } }), "The form");
    },
    isDone: isDecided,
  };
}

/** Someone notes something in the incident's thread, by a mention of the bot. */
export function note(by: "bob" | "carol", text: string, told: Told): Step {
  const types = `@zt-bot note ${text}`;
  return {
    ...told,
    byHand: `As ${NAMES[by]}, in the incident's thread, send:`,
    types: () => types,
    where: atIncident(PEOPLE[by]),
    async act(scene) {
      const head = findHead(scene);
      if (head === undefined) throw new Error("The incident is not open yet.");
      await scene.slack.post({ user: PEOPLE[by], channel: head.channel, text: types, threadTs: head.ts });
    },
    // The person's own message, and the bot's line that it is noted.
    isDone: (scene) => {
      const head = findHead(scene);
      if (head === undefined) return false;
      const newer = scene.slack
        .thread(head.channel, head.ts)
        .filter(({ ts }) => Number(ts) * 1000 >= scene.since);
      const own = newer.findIndex(({ botId }) => botId === undefined);
      return own !== -1 && newer.slice(own).some(({ botId }) => botId !== undefined);
    },
  };
}

/** Alice has everyone in the incident read again; done once someone in it can be revoked. */
export function refresh(told: Told): Step {
  return {
    ...told,
    byHand: "As Alice, press Refresh on the incident's head.",
    where: atIncident(PEOPLE.alice),
    act: (scene) => press(scene, PEOPLE.alice, findHead(scene), INCIDENT_ACTIONS.refresh),
    isDone: canRevoke,
  };
}

/** Alice closes the incident, and confirms the gaps that are left. */
export function close(told: Told): Step {
  return {
    ...told,
    byHand: "As Alice, press Close on the incident's head, and Close anyway if gaps are left.",
    where: atIncident(PEOPLE.alice),
    async act(scene) {
      const { slack } = scene;
      await press(scene, PEOPLE.alice, findHead(scene), INCIDENT_ACTIONS.close);
      const question = await slack.waitFor(() => isClosed(scene) || findQuestion(scene));
      if (question !== true) await press(scene, PEOPLE.alice, question, INCIDENT_ACTIONS.closeAnyway);
    },
    isDone: isClosed,
  };
}

/** Alice has the story and the record's rows attached to the thread. */
export function exportIncident(told: Told): Step {
  const words = (scene: Scene): string => `incident export ${idOf(scene)}`;
  return {
    ...told,
    byHand: "As Alice, in #incident-7, send:",
    types: (scene) => `/zt ${words(scene)}`,
    where: atIncident(PEOPLE.alice),
    act: (scene) => type(scene, PEOPLE.alice, words(scene)),
    isDone: (scene) => {
      const head = findHead(scene);
      return (
        head !== undefined &&
        scene.slack.thread(head.channel, head.ts).some(({ files = [] }) => files.length > 0)
      );
    },
  };
}

/** The incident's id is what its head's buttons carry. */
function idOf(scene: Scene): string {
  const blocks = findHead(scene)?.blocks ?? [];
  return toText(findElement(blocks, INCIDENT_ACTIONS.reopen)?.element["value"] ?? "");
}

function isClosed(scene: Scene): boolean {
  const head = findHead(scene);
  return head !== undefined && !hasButton(head, INCIDENT_ACTIONS.close);
}

function findQuestion({ slack, since }: Scene): StoredMessage | undefined {
  return slack
    .ephemerals(PEOPLE.alice)
    .findLast(
      (message) => Number(message.ts) * 1000 >= since && hasButton(message, INCIDENT_ACTIONS.closeAnyway),
    );
}

/** The incident's thread, as this person sees it. */
export function atIncident(user: string): Step["where"] {
  return (scene) => {
    const head = findHead(scene);
    return { user, channel: head?.channel ?? CHANNELS.incident, thread: head?.ts };
  };
}

/** The newest request's thread, as this person sees it. */
export function atCard(user: string): Step["where"] {
  return (scene) => ({ user, channel: CHANNELS.approvals, thread: findCard(scene)?.ts });
}

const NAMES = { bob: "Bob", carol: "Carol" } as const;
