import { auditContextOf } from "../../approvals/audit-context.ts";
import type { AccessUser } from "../../api/cloudflare.ts";
import type { Asker, Deps } from "../../deps.ts";
import { UserError } from "../../errors.ts";
import { findUser, getUser } from "../../lookup/who.ts";
import { openDirect } from "../../slack/messages.ts";
import type { Message } from "../../views/blocks.ts";
import { screenButton } from "../../views/screen-button.ts";
import { unwatchedMessage, watchListMessage, watchStartedMessage } from "../../views/watch.ts";
import { rowOf } from "../../watch/draw.ts";
import { stopWatches } from "../../watch/stop.ts";
import { DEFAULT_WATCH_MS, findActive, MAX_WATCH_MS, startWatch } from "../../watch/watch.ts";
import { OPTIONAL_WHO, WHO } from "../args.ts";
import { defineCommand } from "../define.ts";
import { seal, type AnyCommand } from "../registry.ts";

const UNITS = { m: 60_000, h: 3_600_000 };
const DURATION = /^\d{1,4}[mh]$/i;

const sealed = seal(
  defineCommand({
    name: "watch",
    group: "Respond",
    summary: "post here when someone signs in, registers a device or is denied",
    details:
      "For 1 hour, or as long as you say, 24h at most. zt-bot does this by itself after a verified revocation. /zt watch list shows who is watched.",
    examples: ["watch mallory@example.com", "watch mallory@example.com 4h", "watch list"],
    role: "operator",
    changes: true,
    calls: [
      "list users",
      "get user",
      "list access requests",
      "list active sessions",
      "get last seen identity",
      "list registrations",
      "get risk summary",
    ],
    args: {
      who: OPTIONAL_WHO,
      for: { kind: "text", takes: "4h", summary: "how long, such as 30m or 4h; 1h without it" },
    },
    async run({ deps, asker }, { who, for: typed }) {
      if (who === undefined) return listWatches(deps);
      const ms = readDuration(typed);
      return watch(deps, asker, await findUser(deps.cloudflare, deps.directory, who), ms);
    },
    screen: async (deps, { user = "", for: typed }, asker) =>
      user === ""
        ? listWatches(deps)
        : watch(deps, asker, await getUser(deps.cloudflare, user), readDuration(typed)),
  }),
  buttonsTo("Watch", "watch"),
);

/** A duration may stand behind whom it is about, and `list` is no name. */
export const watchCommand: AnyCommand = {
  ...sealed,
  parseAndRun(context, words) {
    const [only] = words;
    if (words.length === 1 && only?.toLowerCase() === "list") return sealed.parseAndRun(context, []);
    const last = words.at(-1) ?? "";
    const isTyped = words.length > 1 && DURATION.test(last) && words.at(-2)?.startsWith("-") !== true;
    return sealed.parseAndRun(context, isTyped ? [...words.slice(0, -1), `--for=${last}`] : words);
  },
};

const unwatchCommand = defineCommand({
  name: "unwatch",
  group: "Respond",
  summary: "stop watching someone",
  details: "Ends every watch on them. /zt watch list shows who is watched.",
  examples: ["unwatch mallory@example.com"],
  role: "operator",
  changes: true,
  calls: ["list users", "get user"],
  args: { who: WHO },
  async run({ deps, asker }, { who }) {
    return stop(deps, asker, await findUser(deps.cloudflare, deps.directory, who));
  },
  screen: async (deps, { user = "" }, asker) => stop(deps, asker, await getUser(deps.cloudflare, user)),
});

export const unwatch: AnyCommand = seal(unwatchCommand, buttonsTo("Stop watching", "unwatch"));

/** Where a name was typed, a button for each whom it may mean. */
function buttonsTo(text: string, name: string): Parameters<typeof seal>[1] {
  return (_context, users, { for: typed }) =>
    Promise.resolve(
      users.map((user, index) => {
        const params = { user: user.id, ...(typeof typed === "string" && { for: typed }) };
        return screenButton(text, name, params, `${text} ${user.email || user.id}`, `pick-${index}`);
      }),
    );
}

function readDuration(typed: string | undefined): number {
  if (typed === undefined) return DEFAULT_WATCH_MS;
  const unit = UNITS[typed.slice(-1).toLowerCase() as keyof typeof UNITS];
  const ms = DURATION.test(typed) ? Number(typed.slice(0, -1)) * unit : 0;
  if (ms > 0 && ms <= MAX_WATCH_MS) return ms;
  throw new UserError({
    what: ms > MAX_WATCH_MS ? "24 hours is the most." : `Can't read "${typed}" as a duration.`,
    next: "Try 30m, 4h or 24h.",
  });
}

async function watch(deps: Deps, asker: Asker, user: AccessUser, ms: number): Promise<Message> {
  // Cloudflare's log of sign-ins knows addresses only.
  if (user.email === "") {
    throw new UserError({
      what: `The Access user ${user.id} has no email address.`,
      why: "Cloudflare's log of sign-ins knows addresses only.",
      next: `Try /zt sessions ${user.id}.`,
    });
  }
  const at = deps.now();
  const { channel, isDirect } = await placeFor(deps, asker);
  const { watch: begun, isExtended } = await startWatch(deps.db, {
    teamId: asker.teamId,
    who: { id: user.id, email: user.email, name: user.name },
    askedBy: asker.userId,
    tells: [asker.userId],
    since: deps.cloudflare.serverTime(at),
    at,
    ms,
    channel,
    auditContext: auditContextOf(deps, asker),
  });
  deps.engine.publishThread(begun);
  return watchStartedMessage(await rowOf(deps.db, begun), { isExtended, isDirect });
}

/** The channel it was asked in where only the organization reads that, and zt-bot may; otherwise a direct message. */
async function placeFor(
  { channels, slack }: Deps,
  { channelId, userId }: Asker,
): Promise<{ channel: string; isDirect: boolean }> {
  if (channelId !== null && /^[CG]/.test(channelId)) {
    const { audience } = await channels.read(channelId);
    if (audience?.isShared === false && audience.isMember) return { channel: channelId, isDirect: false };
  }
  const channel = await openDirect(slack.interactive, userId);
  if (channel !== null) return { channel, isDirect: true };
  throw new UserError({
    what: "zt-bot can't write here, and not to you either.",
    next: "Invite zt-bot to a channel, and type it there.",
  });
}

async function stop(deps: Deps, asker: Asker, user: AccessUser): Promise<Message> {
  const watches = await findActive(deps.db, { userId: user.id });
  const stopped = await stopWatches(deps, asker, watches);
  return unwatchedMessage({ id: user.id, email: user.email, name: user.name }, stopped);
}

/** Everyone who is watched now. */
async function listWatches(deps: Deps): Promise<Message> {
  const watches = await findActive(deps.db);
  return watchListMessage(await Promise.all(watches.map((one) => rowOf(deps.db, one))));
}
