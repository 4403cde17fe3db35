import type { SlackPerson } from "../types.ts";
import { findPerson } from "../workspace.ts";
import type { Workspace } from "../workspace.ts";
import { ApiError, paginate, requiredArg, textArg } from "./method.ts";
import type { ApiContext, ApiMethod } from "./method.ts";

export const userMethods: ApiMethod[] = [
  {
    name: "users.info",
    scope: "users:read",
    run(context, args) {
      const id = requiredArg(args, "user");
      const { bot } = context.workspace.options;
      const person = id === bot.userId ? botUser(context) : findPerson(context.workspace, id);
      if (person === undefined) throw new ApiError("user_not_found");
      return { user: describe(context, person) };
    },
  },
  {
    // https://docs.slack.dev/reference/methods/users.getPresence: of others Slack says this one word.
    name: "users.getPresence",
    scope: "users:read",
    run({ workspace }, args) {
      const { bot } = workspace.options;
      const id = textArg(args, "user") ?? bot.userId;
      if (id === bot.userId) {
        const lastActivity = Math.floor(workspace.now() / 1000);
        return {
          presence: "active",
          online: true,
          auto_away: false,
          manual_away: false,
          connection_count: 1,
          last_activity: lastActivity,
        };
      }
      const person = findPerson(workspace, id);
      if (person === undefined) throw new ApiError("user_not_found");
      return { presence: person.deleted === true ? "away" : (person.presence ?? "active") };
    },
  },
  {
    name: "users.lookupByEmail",
    scope: "users:read.email",
    run(context, args) {
      const email = requiredArg(args, "email").toLowerCase();
      // A deactivated account is not found by its email.
      const person = context.workspace.people.find(
        (each) => each.email.toLowerCase() === email && each.deleted !== true,
      );
      if (person === undefined) throw new ApiError("users_not_found");
      return { user: describe(context, person) };
    },
  },
  {
    name: "users.list",
    scope: "users:read",
    run(context, args) {
      const everybody = [...context.workspace.people, botUser(context)];
      const { page, nextCursor } = paginate(args, everybody, 1000);
      return {
        members: page.map((person) => describe(context, person)),
        cache_ts: Math.floor(context.workspace.now() / 1000),
        response_metadata: { next_cursor: nextCursor },
      };
    },
  },
];

function botUser({ workspace }: ApiContext): SlackPerson {
  const { bot } = workspace.options;
  return { id: bot.userId, name: bot.name, realName: bot.name, email: "", isBot: true };
}

/** https://docs.slack.dev/reference/objects/user-object; the email only with `users:read.email`. */
function describe({ workspace }: ApiContext, person: SlackPerson): Record<string, unknown> {
  const { team, bot } = workspace.options;
  const tz = person.tz ?? "Etc/UTC";
  const showsEmail = bot.scopes.includes("users:read.email") && person.email !== "";
  const common = {
    id: person.id,
    team_id: person.teamId ?? team.id,
    name: person.name,
    deleted: person.deleted === true,
    is_bot: person.isBot === true,
    is_app_user: false,
    ...enterpriseUser(workspace, person),
    updated: 1_700_000_000,
    profile: {
      real_name: person.realName,
      real_name_normalized: person.realName,
      display_name: person.name,
      display_name_normalized: person.name,
      ...(showsEmail ? { email: person.email } : {}),
      team: person.teamId ?? team.id,
    },
  };
  // Slack says next to nothing about those who left.
  if (person.deleted === true) return common;
  return {
    ...common,
    color: person.avatarColor?.replace("#", "") ?? "4bbe2e",
    real_name: person.realName,
    tz,
    tz_label: tz,
    tz_offset: offsetSeconds(tz, workspace.now()),
    is_admin: false,
    is_owner: false,
    is_primary_owner: false,
    is_restricted: person.isRestricted === true,
    is_ultra_restricted: person.isUltraRestricted === true,
    ...(belongsHere(workspace, person) ? {} : { is_stranger: person.isStranger === true }),
  };
}

function belongsHere({ options: { team } }: Workspace, { teamId, teams = [] }: SlackPerson): boolean {
  return teamId === undefined || teamId === team.id || teams.includes(team.id);
}

/**
 * Of an Enterprise organization, `team_id` is one of a member's workspaces, and not always the one that is asked.
 * `is_stranger` is true only of somebody who shares no channel with the asking workspace: of the others from
 * elsewhere it is false (https://docs.slack.dev/apis/slack-connect).
 */
function enterpriseUser(
  { options: { enterprise } }: Workspace,
  person: SlackPerson,
): Record<string, unknown> {
  const enterpriseId = person.enterpriseId ?? enterprise?.id;
  if (person.teams === undefined || enterpriseId === undefined) return {};
  return {
    enterprise_user: {
      id: person.id,
      enterprise_id: enterpriseId,
      enterprise_name: enterprise?.id === enterpriseId ? enterprise.name : enterpriseId,
      is_admin: false,
      is_owner: false,
      teams: person.teams,
    },
  };
}

/** Seconds east of UTC in this zone at this moment. */
function offsetSeconds(tz: string, at: number): number {
  const wholeSecond = Math.floor(at / 1000) * 1000;
  const local = clockOf(tz).format(wholeSecond);
  return (Date.parse(`${local.replace(" ", "T")}Z`) - wholeSecond) / 1000;
}

/** A formatter takes a hundred times as long to make as to use. */
const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(tz: string): Intl.DateTimeFormat {
  const known = clocks.get(tz);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("sv-SE", { timeZone: tz, dateStyle: "short", timeStyle: "medium" });
  clocks.set(tz, made);
  return made;
}
