import type { Registry } from "../commands/registry.ts";
import type { FormRequest } from "../commands/define.ts";
import type { Asker, Deps } from "../deps.ts";
import { addNote } from "../commands/incident/note.ts";
import { unescapeSlack } from "../commands/parse.ts";
import { findIncidentOfThread } from "../incidents/find.ts";
import { maskSecrets } from "../secrets.ts";
import { whoText } from "../lookup/who-list.ts";
import { findUser } from "../lookup/who.ts";
import { saveDraft } from "../requests/drafts.ts";
import { editMessage, post, postOnlyTo, type MessagePlace } from "../slack/messages.ts";
import type { IsFirst } from "../slack/receiving/replay.ts";
import type { Message } from "../views/blocks.ts";
import { type FormParams, offerForm } from "../views/forms/button.ts";

interface Mention {
  asker: Asker;
  text: string;
  /** The bot's own Slack id. */
  botUserId: string;
  channel: string;
  /** Of the message itself. */
  ts: string;
  /** The thread it was said in, or the message itself. */
  threadTs: string;
  isFirst: IsFirst;
}

/** `@zt-bot user alice@…`: the same subcommands where slash commands can't be typed, answered in the thread. */
export async function answerMention(registry: Registry, deps: Deps, mention: Mention): Promise<void> {
  const { asker, channel, threadTs, isFirst } = mention;
  const typed = withoutBot(mention.text, mention.botUserId);
  const note = noteIn(typed);
  const incidentId = note === null ? null : await findIncidentOfThread(deps.db, channel, threadTs);
  if (note !== null && incidentId !== null) {
    if (await isFirst("change")) await noteHere(deps, mention, incidentId, note);
    return;
  }
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
    threadTs,
    reply: say,
    replyPrivately: (message: Message) =>
      postOnlyTo(
        deps.slack.background,
        { channel, user: asker.userId, ...(threadTs === mention.ts ? {} : { threadTs }) },
        message,
      ),
    showEarly,
    // A mention has no trigger to open a modal with: a button has.
    openForm: async (form: FormRequest) => say(offerForm(form.action, await paramsOf(deps, asker, form))),
  };
  await registry.run(context, typed);
}

/** The words of a note: what follows `@zt-bot note` where it was said like that, else all of it. */
export function noteWords(text: string, botUserId: string): string {
  const isSaid = botUserId !== "" && text.includes(`<@${botUserId}`);
  const words = isSaid ? withoutBot(text, botUserId) : text;
  return unescapeSlack(maskSecrets((isSaid ? noteIn(words) : null) ?? words).text).trim();
}

/** `note` and its text; null for anything else. */
function noteIn(typed: string): string | null {
  return /^note\s+(?<note>[\s\S]+)$/i.exec(typed)?.groups?.["note"] ?? null;
}

/** A note said in an incident's thread: its words stay in the thread as they are, and go to the record without credentials. */
async function noteHere(
  deps: Deps,
  { asker, channel, ts }: Mention,
  id: string,
  note: string,
): Promise<void> {
  const { text } = maskSecrets(note);
  await addNote({ deps, asker, id }, { note: unescapeSlack(text), source: { channel, ts, isHere: true } });
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
