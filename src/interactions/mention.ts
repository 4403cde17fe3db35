import type { Registry } from "../commands/registry.ts";
import type { FormRequest } from "../commands/define.ts";
import type { Asker, Deps } from "../deps.ts";
import { whoText } from "../lookup/who-list.ts";
import { findUser } from "../lookup/who.ts";
import { saveDraft } from "../requests/drafts.ts";
import { editMessage, post, type MessagePlace } from "../slack/messages.ts";
import type { IsFirst } from "../slack/replay.ts";
import type { Message } from "../views/blocks.ts";
import { type FormParams, offerForm } from "../views/form-button.ts";

interface Mention {
  asker: Asker;
  text: string;
  /** The bot's own Slack id. */
  botUserId: string;
  channel: string;
  /** The thread it was said in, or the message itself. */
  threadTs: string;
  isFirst: IsFirst;
}

/** `@zt-bot user alice@…`: the same subcommands where slash commands can't be typed, answered in the thread. */
export async function answerMention(registry: Registry, deps: Deps, mention: Mention): Promise<void> {
  const { asker, channel, threadTs, isFirst } = mention;
  const typed = withoutBot(mention.text, mention.botUserId);
  if (!(await isFirst(registry.purposeOf(typed)))) return;
  let early: MessagePlace | null = null;
  const showEarly = async (message: Message): Promise<void> => {
    early = await post(deps.slack.background, channel, message, { thread_ts: threadTs });
  };
  /** In the place of what was shown early, unless that was deleted meanwhile. */
  const say = async (message: Message): Promise<void> => {
    if (early !== null && (await editMessage(deps.slack.background, early, message))) return;
    await post(deps.slack.background, channel, message, { thread_ts: threadTs });
  };
  const context = {
    deps,
    asker,
    channelId: channel,
    reply: say,
    showEarly,
    // A mention has no trigger to open a modal with: a button has.
    openForm: async (form: FormRequest) => say(offerForm(form.action, await paramsOf(deps, asker, form))),
  };
  await registry.run(context, typed);
}

/** Whom the form is about: an id; of several users, that of a draft which names them. */
async function paramsOf(
  deps: Deps,
  asker: Asker,
  { who, prefill, reason }: FormRequest,
): Promise<FormParams> {
  if (who !== null) return { user: (await findUser(deps.cloudflare, deps.directory, who)).id };
  if (prefill.action !== "revoke" || prefill.several === undefined) return {};
  const { several, devices = false, warpReauth = false } = prefill;
  const draft = { users: several.map(whoText), devices, warpReauth, reason };
  return { draft: await saveDraft(deps.db, asker.userId, deps.now(), draft) };
}

/** What follows the bot's mention, whatever was said to others before it; or what precedes it, at the end. */
function withoutBot(text: string, botUserId: string): string {
  const [before = "", ...after] = text.split(new RegExp(`<@${botUserId}(?:\\|[^<>]*)?>`));
  return after.join(" ").trim() || before.trim();
}
