import type { StoredMessage } from "../sandbox/slack/index.ts";
import { CHANNELS, PEOPLE } from "../sandbox/workspace.ts";
import type { World } from "../sandbox/world.ts";

/** Lets so many new people log in, an hour ago. @returns their addresses */
export function addPeople({ cloudflare }: World, count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const email = `user-${index + 1}@crowd.example.com`;
    cloudflare.login(email, { at: cloudflare.now() - 3_600_000 });
    return email;
  });
}

/** `/zt …` in #security, by alice. @returns whether it was acknowledged within Slack's three seconds */
export async function typed({ slack }: World, text: string): Promise<boolean> {
  const command = { user: PEOPLE.alice, channel: CHANNELS.security, text, command: "/zt" };
  return (await slack.command(command)).ok;
}

/** Asks to revoke somebody's sessions. @returns the card */
export async function askToRevoke(world: World, email: string): Promise<StoredMessage> {
  await typed(world, `revoke ${email} --reason laptop stolen`);
  return world.slack.waitFor(() =>
    world.slack
      .messages(CHANNELS.approvals)
      .findLast((card) => world.slack.visibleText(card).includes(email)),
  );
}

/** A button of a card, pressed by bob. @returns whether it was acknowledged within Slack's three seconds */
export async function press(
  { slack }: World,
  { channel, ts }: StoredMessage,
  actionId: string,
): Promise<boolean> {
  return (await slack.click({ user: PEOPLE.bob, channel, ts, actionId })).ok;
}

/** Resolves when the card says so. */
export async function untilCard(
  { slack }: World,
  { channel, ts }: StoredMessage,
  words: string,
  timeoutMs = 60_000,
): Promise<void> {
  await slack.waitFor(() => {
    const card = slack.messages(channel).find((one) => one.ts === ts);
    return card !== undefined && slack.visibleText(card).includes(words);
  }, timeoutMs);
}
