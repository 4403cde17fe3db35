import { setTimeout as sleep } from "node:timers/promises";

import { WATCH_ACTIONS } from "../../../src/views/watch.ts";
import { findActiveRegistrations, findUser } from "../../cloudflare/index.ts";
import { BLOCK_LIST_ID } from "../../cloudflare/seed/keep-out.ts";
import { PEOPLE } from "../../workspace.ts";
import { findCard, findReply, isContained, isOver, isSignedIn } from "../find.ts";
import {
  approve,
  atCard,
  atIncident,
  close,
  exportIncident,
  lookUp,
  note,
  openIncident,
  refresh,
  request,
} from "../people.ts";
import type { Scenario, Scene } from "../scenario.ts";

const EMAIL = "mallory@example.com";
/** When the attacker got in, where the scenario is played again. */
const AGO_MS = 10 * 60_000;
const ATTACKER = { ip: "203.0.113.199", country: "BR", apps: ["Payroll"], force: true };

const approveAgain = approve("carol", {
  title: "Carol approves it",
  why: "Every request needs an approval, even the second one about the same person.",
  look: "Both steps begin: first the block, then the revocation.",
});

/** Mallory typed her password on a fake sign-in page. */
export const phishedUser: Scenario = {
  title: "Phished user",
  about:
    "Mallory typed her password on a fake page. The attacker is thrown out, comes back, and is kept out.",
  setUp(scene) {
    const { cloudflare } = scene;
    const list = findBlockList(scene);
    if (list !== undefined) list.items = list.items.filter(({ value }) => value !== EMAIL);
    const at = cloudflare.now() - AGO_MS;
    if (!isSignedIn(scene, EMAIL)) cloudflare.login(EMAIL, { ...ATTACKER, at });
    if (countDevices(scene) === 0) cloudflare.registerDevice(EMAIL, { name: "DESKTOP-7QK2M1", at });
  },
  steps: [
    lookUp(EMAIL, {
      title: "Alice looks Mallory up",
      why: "The help desk reports a fake sign-in page. The first question is what the attacker can reach.",
      look: "The first line is the verdict. Below it are the open sessions, with country and apps.",
    }),
    openIncident([EMAIL], "Phished: Mallory", {
      title: "Alice opens an incident",
      why: "Several requests follow over the next hours. The incident keeps them in one thread.",
      look: "The head shows what is still open. The thread starts with a snapshot of Mallory.",
    }),
    note("bob", "Mallory confirms by phone: she typed her password on a fake page this morning", {
      title: "Bob notes what Mallory says",
      why: "What people learn by phone belongs in the story, with a name and a time.",
      look: "The note is in the thread. It is in the audit record, too.",
    }),
    request(`revoke ${EMAIL} --devices --reason Phished, sessions from an unknown address`, {
      title: "Alice requests the revocation",
      why: "Sessions outlive a changed password, and so does a device that the attacker registered.",
      look: "The card in #zt-approvals says what will happen. The incident's thread links to it.",
    }),
    approve("bob", {
      title: "Bob approves it",
      why: "No one approves their own request: a stolen Slack session must not be enough.",
      look: "The card changes for everyone who sees it.",
    }),
    {
      title: "zt-bot revokes and verifies",
      why: "An accepted call is not yet a revocation: zt-bot reads the sessions and devices again.",
      byHand: "This happens by itself.",
      look: "The card says what was verified and when. Its thread lists each step.",
      where: atCard(PEOPLE.bob),
      isDone: (scene) => isOver(scene) && countDevices(scene) === 0,
    },
    {
      title: "The attacker signs in again",
      why: "A revocation is not a ban: with the password, the attacker can be back after a minute. The guide skips it.",
      byHand:
        "In the Cloudflare panel, press Sign in at mallory@example.com. It refuses for a minute after a revocation.",
      look: "For now only Cloudflare knows. zt-bot watches everyone it revoked for an hour.",
      where: atCard(PEOPLE.alice),
      act: async ({ cloudflare }) => void cloudflare.login(EMAIL, ATTACKER),
      isDone: (scene) => isSignedIn(scene, EMAIL),
    },
    {
      title: "zt-bot raises the alarm",
      why: "Without a watch, the thread would stay silent while the attacker is in.",
      byHand: "This happens by itself, within seconds.",
      look: "The alert names address, country and app. The card's first line is now a warning.",
      where: atCard(PEOPLE.alice),
      isDone: (scene) => {
        const card = findCard(scene);
        return card !== undefined && findReply(scene, card, WATCH_ACTIONS.expected) !== undefined;
      },
    },
    refresh({
      title: "Alice refreshes the incident",
      why: "The head shows what was last read. She wants the current state.",
      look: "It is no longer contained, and the thread says so. The next step is a button.",
    }),
    request(`revoke ${EMAIL} --block --reason Signed in again from the same address`, {
      title: "Alice revokes again, with a block",
      why: "The block list keeps Mallory out until her password is changed: one plan, two steps, one approval.",
      look: "The card shows both steps, and the Gateway rule that uses the list.",
    }),
    {
      ...approveAgain,
      async act(scene) {
        await nextSecond(scene);
        await approveAgain.act?.(scene);
      },
    },
    {
      title: "zt-bot blocks, revokes and verifies both",
      why: "Each step is read back by itself: the list's items, and the sessions.",
      byHand: "This happens by itself.",
      look: "The card shows each step with its own result.",
      where: atCard(PEOPLE.carol),
      isDone: (scene) => isOver(scene) && isBlocked(scene) && !isSignedIn(scene, EMAIL),
    },
    {
      title: "The incident is contained",
      why: "zt-bot reads Mallory again. No gap that the policy requires is left.",
      byHand: "This happens by itself.",
      look: "The head says how long it took. The thread tells the whole story.",
      where: atIncident(PEOPLE.alice),
      isDone: isContained,
    },
    close({
      title: "Alice closes the incident",
      why: "A closed incident still takes results that come late, and it can be reopened.",
      look: "The thread ends with a summary: what happened, who did what, and how long it took.",
    }),
    exportIncident({
      title: "Alice exports it",
      why: "Auditors get the story and the record's rows with their hashes, and can check both later.",
      look: "Two files are in the thread. npm run audit -- verify-export checks them.",
    }),
  ],
  moral:
    "Revoked twice, blocked, verified each time, approved by two people: the thread and its export hold all of it.",
};

function countDevices({ cloudflare }: Scene): number {
  const user = findUser(cloudflare.state, EMAIL);
  return user === null ? 0 : findActiveRegistrations(cloudflare.state, user.id).length;
}

/**
 * Cloudflare tells the time of a sign-in in whole seconds: a revocation within the same one leaves open which was first,
 * and the incident is then not contained. People are never that quick; a scenario without time to read is.
 */
async function nextSecond({ cloudflare }: Scene): Promise<void> {
  const user = findUser(cloudflare.state, EMAIL);
  const second = Math.floor((user?.lastLoginAt ?? 0) / 1000);
  await sleep(Math.max(0, (second + 1) * 1000 - cloudflare.now()));
}

function findBlockList({ cloudflare }: Scene) {
  return cloudflare.state.lists.find(({ id }) => id === BLOCK_LIST_ID);
}

function isBlocked(scene: Scene): boolean {
  return findBlockList(scene)?.items.some(({ value }) => value === EMAIL) ?? false;
}
