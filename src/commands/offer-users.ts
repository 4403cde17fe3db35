import type { Button } from "@slack/types";

import type { AccessUser } from "../api/cloudflare.ts";
import { UserError } from "../errors.ts";
import { choiceInstead, findByName, type Candidates, type Choice } from "../lookup/candidates.ts";
import { EMPTY_LIST, type Who } from "../lookup/who.ts";
import type { Message } from "../views/blocks.ts";
import { chooseUserMessage, offeredOf, withMatch } from "../views/look-ups/choose-user.ts";
import { screenButton } from "../views/screen-button.ts";
import type { CommandContext } from "./define.ts";

interface Offer {
  context: Pick<CommandContext, "deps">;
  /** Buttons that go on with one of these users: ids only, and the click is authorised again. */
  buttons(users: readonly AccessUser[]): Promise<Button[]>;
}

/** A subcommand that is about one user. */
interface AboutUser extends Offer {
  /** It requests a change: it never goes on with a guess, not even with the only one there is. */
  isChange: boolean;
  context: CommandContext;
  /** Goes on with whom it is about. */
  run(context: CommandContext, who: Who): Promise<Message | void>;
}

/**
 * Searches for a name and goes on with the user it finds. Several, and any where a change is asked for, are offered
 * as buttons.
 * @throws UserError when there is no such user; CloudflareError when that could not be read.
 */
export async function runForName(name: string, about: AboutUser): Promise<Message | void> {
  const { isChange, context, run } = about;
  const found = await findByName(context.deps.cloudflare, name);
  const [user] = found.users;
  if (user === undefined) throw noMatch(name, found);
  if (isChange || found.users.length > 1 || found.isCut || !found.isMatch)
    return offer({ kind: "name", typed: name, ...found }, about);
  let isSaid = false;
  const saying = (reply: CommandContext["reply"]) => (message: Message) => {
    const said = isSaid ? message : withMatch(name, user, message);
    // A picture that follows the answer is clear without it.
    isSaid = true;
    return reply(said);
  };
  const { reply, replyPrivately } = context;
  const matched = {
    ...context,
    reply: saying(reply),
    ...(replyPrivately !== undefined && { replyPrivately: saying(replyPrivately) }),
  };
  const answer = await run(matched, { kind: "id", id: user.id });
  return answer === undefined ? undefined : withMatch(name, user, answer);
}

/**
 * What to answer where an email is several users' or no one's: buttons for those whom it may mean.
 * @throws the error itself when it is another one, or no one is near.
 */
export async function offerInstead(error: unknown, about: Offer): Promise<Message> {
  return offer(await choiceInstead(about.context.deps.cloudflare, error), about);
}

/**
 * Buttons to a look-up of each of these users. Words and flags that were typed keep their names in the screen's
 * parameters: see `Command.screen`.
 */
export function lookUpButtons(
  name: string,
  users: readonly AccessUser[],
  args: Readonly<Record<string, unknown>> = {},
): Button[] {
  const typed = Object.entries(args).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  return users.map((user, index) => {
    const params = { ...Object.fromEntries(typed), user: user.id };
    return screenButton("Open", name, params, `Look at ${user.email || user.id}`, `pick-${index}`);
  });
}

async function offer(choice: Choice, { buttons, context }: Offer): Promise<Message> {
  return chooseUserMessage(choice, await buttons(offeredOf(choice)), context.deps.now());
}

function noMatch(name: string, { isPartial }: Candidates): UserError {
  return new UserError({
    what: `No Access user matches "${name}".`,
    why: `${isPartial ? "Similar names are unknown: Cloudflare did not answer. " : ""}They may never have signed in to this account. ${EMPTY_LIST}`,
    next: "Try a shorter part of the name, or the email address.",
  });
}
