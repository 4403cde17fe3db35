import type { Delivery, StoredMessage } from "../../../sandbox/slack/index.ts";
import { POLICY } from "../../../sandbox/workspace.ts";
import { CARD_ACTIONS } from "../../../src/views/card/approvals.ts";
import type { Balancer } from "../../support/balancer.ts";
import { CHANNELS, PEOPLE, press, type, type World } from "../../support/harness.ts";
import type { Ledger } from "../../support/ledger.ts";
import type { Replica } from "../../support/replicas.ts";

/** How many of the four have to agree: the last one's click carries it out. */
const QUORUM = 2;

const APPROVERS = ["U0APPROV1", "U0APPROV2", "U0APPROV3", "U0APPROV4"] as const;
const REQUESTERS = Object.values(PEOPLE);

/** Three who ask and four who may approve. */
export const CREW_POLICY = POLICY.replace(/approvers: .*/, `approvers: [${APPROVERS.join(", ")}]`).replaceAll(
  "ttl: 1h",
  `ttl: 1h, quorum: ${QUORUM}`,
);

export function addApprovers({ slack }: World): void {
  for (const [index, id] of APPROVERS.entries())
    slack.setPerson(id, {
      name: `approver${index + 1}`,
      realName: `Approver ${index + 1}`,
      email: `${id}@example.com`,
    });
}

/** The people at work: who was not answered because a process died does it again, as people do. */
export interface Crew {
  /** Asks for a revocation; resolves when the request is written down. */
  ask(email: string, index: number): Promise<void>;
  /** All four approve at once; resolves when it is decided. */
  approve(email: string): Promise<void>;
  /** How often somebody had to do it again. */
  again: { asked: number; clicked: number; inVain: string[] };
}

/** Who was told that something went wrong, as on a machine that is too busy, does it again after so long. */
const PATIENCE_MS = 30_000;
/** More is no bad luck. */
const MAX_TRIES = 5;

export function createCrew(world: World, ledger: Ledger, balancer?: Balancer<Replica>): Crew {
  const { slack } = world;
  const again = { asked: 0, clicked: 0, inVain: [] as string[] };
  const status = (email: string) => ledger.of(email)?.status;
  const lastWords = (user: string) => JSON.stringify(slack.ephemerals(user).at(-1)?.text);
  const isDecided = (email: string) => status(email) !== "pending";

  /** Waits until it is so, its process died, or patience ran out. */
  async function wait(delivery: Delivery, isDone: () => boolean, what: () => string): Promise<void> {
    const taker = balancer?.takerOf(delivery);
    const since = performance.now();
    const isTooLong = (): boolean => performance.now() - since > PATIENCE_MS;
    await ledger.until(() => isDone() || taker?.isGone === true || isTooLong(), what);
    if (isTooLong() && !isDone()) again.inVain.push(what());
  }

  async function approveAs(user: string, card: StoredMessage, email: string): Promise<void> {
    for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
      const delivery = await press(slack, user, card, CARD_ACTIONS.approve);
      // The buttons are gone.
      if (delivery.error === "no_such_element") return;
      await wait(
        delivery,
        () => isDecided(email),
        () => `${user} clicked for ${email}, and it is ${status(email)}: ${lastWords(user)}`,
      );
      await ledger.refresh();
      if (isDecided(email)) return;
      again.clicked += 1;
    }
    throw new Error(`${user} could not approve for ${email}: ${lastWords(user)}`);
  }

  return {
    again,
    async ask(email, index) {
      const requester = REQUESTERS[index % REQUESTERS.length] ?? PEOPLE.alice;
      for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
        const delivery = await type(slack, requester, `revoke ${email} --reason "seen in a stealer log"`);
        await wait(
          delivery,
          () => ledger.of(email) !== undefined,
          () => `asked about ${email}: ${lastWords(requester)}`,
        );
        await ledger.refresh();
        if (ledger.of(email) !== undefined) return;
        again.asked += 1;
      }
      throw new Error(`nobody could ask about ${email}: ${lastWords(requester)}`);
    },
    async approve(email) {
      let card: StoredMessage | undefined;
      await ledger.until(
        () => (card = cardOf(world, ledger.of(email)?.id)) !== undefined,
        () => `there is no card about ${email}`,
      );
      if (card === undefined) return;
      const shown = card;
      await Promise.all(APPROVERS.map((user) => approveAs(user, shown, email)));
      await ledger.until(
        () => isDecided(email),
        () => `${email} was approved by all and is still pending`,
      );
    },
  };
}

/** The card of a request, found by the id that it carries for the bot. */
function cardOf({ slack }: World, id: string | undefined): StoredMessage | undefined {
  return slack.messages(CHANNELS.approvals).find((message) => message.metadata?.event_payload["id"] === id);
}

/** Does it for all, so many at a time. */
export async function inTurns<T>(
  all: readonly T[],
  atOnce: number,
  work: (one: T, index: number) => Promise<void>,
) {
  const queue = all.entries();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const [index, one] of queue) await work(one, index);
    }),
  );
}
