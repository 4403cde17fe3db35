import type { Registry } from "../commands/registry.ts";
import type { FormRequest } from "../commands/define.ts";
import type { Asker, Deps } from "../deps.ts";
import { findUser } from "../lookup/who.ts";
import type { Message } from "../views/blocks.ts";
import { offerForm } from "../views/offer-form.ts";

export interface Mention {
  asker: Asker;
  text: string;
  /** The bot's own Slack id. */
  botUserId: string;
  channel: string;
  /** The thread it was said in, or the message itself. */
  threadTs: string;
}

/** `@zt-bot user alice@…`: the same subcommands where slash commands can't be typed, answered in the thread. */
export async function answerMention(registry: Registry, deps: Deps, mention: Mention): Promise<void> {
  const { asker, channel, threadTs } = mention;
  const say = async (message: Message): Promise<void> => {
    await deps.slack.background.chat.postMessage({
      channel,
      thread_ts: threadTs,
      text: message.text,
      blocks: message.blocks,
      unfurl_links: false,
      unfurl_media: false,
    });
  };
  const context = {
    deps,
    asker,
    channelId: channel,
    reply: say,
    // A mention has no trigger to open a modal with: a button has.
    openForm: async (form: FormRequest) => say(offerForm(form.action, await userIdOf(deps, form))),
  };
  await registry.run(context, withoutBot(mention.text, mention.botUserId));
}

async function userIdOf(deps: Deps, { who }: FormRequest): Promise<string | null> {
  return who === null ? null : (await findUser(deps.cloudflare, deps.directory, who)).id;
}

/** What follows the bot's mention, whatever was said to others before it; or what precedes it, at the end. */
function withoutBot(text: string, botUserId: string): string {
  const [before = "", ...after] = text.split(new RegExp(`<@${botUserId}(?:\\|[^>]*)?>`));
  return after.join(" ").trim() || before.trim();
}
