import { ApiError, flagArg, requiredArg } from "./method.ts";
import type { ApiMethod } from "./method.ts";

export const userGroupMethods: ApiMethod[] = [
  {
    name: "usergroups.list",
    scope: "usergroups:read",
    run({ workspace }, args) {
      const { team, userGroups } = workspace.options;
      return {
        usergroups: userGroups.map((group) => ({
          id: group.id,
          team_id: team.id,
          is_usergroup: true,
          name: group.handle,
          handle: group.handle,
          description: "",
          date_delete: 0,
          user_count: group.users.length,
          ...(flagArg(args, "include_users") ? { users: group.users } : {}),
        })),
      };
    },
  },
  {
    name: "usergroups.users.list",
    scope: "usergroups:read",
    run({ workspace }, args) {
      const id = requiredArg(args, "usergroup");
      const group = workspace.options.userGroups.find((each) => each.id === id);
      if (group === undefined) throw new ApiError("no_such_subteam");
      return { users: group.users };
    },
  },
];
