import type { Person } from "./directory.ts";

/**
 * Whether a person belongs to the workspace that the bot is installed in. That is what their user object says of their
 * workspaces: `is_stranger` is false of people of another organization who share a channel with this one, and in an
 * Enterprise organization `team_id` may be another workspace of a member's (https://docs.slack.dev/apis/slack-connect,
 * https://docs.slack.dev/reference/objects/user-object). A workspace that Slack does not name is not this one.
 */
export function isMember({ isStranger, teamId, teams = [] }: Person, homeTeamId: string): boolean {
  return !isStranger && (teamId === homeTeamId || teams.includes(homeTeamId));
}

/**
 * Whether what came with this workspace (or organization) in its payload is a member's own doing: it is this one, or
 * one of theirs. A user id means a person only together with it.
 */
export function actsAsMember(person: Person, homeTeamId: string, payloadTeamId: string): boolean {
  if (!isMember(person, homeTeamId)) return false;
  const own = [homeTeamId, person.teamId, ...(person.teams ?? []), person.enterpriseId];
  return own.includes(payloadTeamId);
}
