import { ApiError, textArg } from "./method.ts";
import type { ApiMethod } from "./method.ts";

export const authMethods: ApiMethod[] = [
  {
    name: "api.test",
    run(_context, args) {
      const error = textArg(args, "error");
      if (error !== undefined) throw new ApiError(error, { args });
      return { args };
    },
  },
  {
    name: "auth.test",
    run({ workspace }) {
      const { team, bot, enterprise } = workspace.options;
      return {
        url: `https://${team.domain}.slack.com/`,
        team: team.name,
        user: bot.name,
        team_id: team.id,
        user_id: bot.userId,
        bot_id: bot.botId,
        is_enterprise_install: false,
        ...(enterprise === undefined ? {} : { enterprise_id: enterprise.id }),
      };
    },
  },
  {
    name: "apps.connections.open",
    token: "app",
    run({ workspace, sockets }) {
      const url = workspace.options.socketUrl ?? sockets.newUrl();
      if (url === undefined) throw new ApiError("too_many_websockets");
      return { url };
    },
  },
];
