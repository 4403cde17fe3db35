import { databaseTroubleOf } from "../store/trouble.ts";
import type { Config } from "../config.ts";
import { slackTroubleOf } from "../slack/clients.ts";
import { describeSlackTrouble, isTokenTrouble, NEW_TOKEN } from "../slack-trouble.ts";

/** Why zt-bot does not start, where those who run it can fix that. The message says what is wrong, and what fixes it. */
export class StartError extends Error {
  override readonly name = "StartError";

  constructor(what: string, next: string, cause: unknown) {
    super(`zt-bot cannot start: ${what}.\n→ ${next}`, { cause });
  }
}

/** For a database that could not be opened: anything else is given back as it is. */
export function explainDatabase(error: unknown, { database }: Config): unknown {
  const trouble = databaseTroubleOf(error);
  if (trouble === null) return error;
  return new StartError(`the database ${placeOf(database)} ${trouble.why}`, trouble.next, error);
}

/** Without user and password. */
function placeOf(database: Config["database"]): string {
  if (database.kind === "sqlite") return database.file;
  const { host, pathname } = new URL(database.url);
  return `${host}${pathname}`;
}

/** For a call that was made with one of Slack's tokens: anything else is given back as it is. */
export function explainSlack(error: unknown, setting: keyof typeof NEW_TOKEN): unknown {
  const code = slackTroubleOf(error);
  if (code === null) return error;
  if (isTokenTrouble(code))
    return new StartError(`Slack does not accept ${setting} (${code})`, NEW_TOKEN[setting], error);
  if (code === "unreachable" || code.startsWith("http_"))
    return new StartError(
      `Slack can't be reached (${code})`,
      "Let this machine reach slack.com over HTTPS, or wait where Slack reports an outage.",
      error,
    );
  const { why, next } = describeSlackTrouble(code);
  return new StartError(`${why} (${code})`, next ?? "Start it again in a minute.", error);
}

/** Why nothing can listen there; the settings are those that name the place. */
export function explainListening(
  error: unknown,
  { port, host }: { port: number; host: string },
  settings: { port: string; host: string },
): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const place = `port ${port} of ${host} (${settings.port}, ${settings.host})`;
  switch (code) {
    case "EADDRINUSE":
      return new StartError(
        `another program listens on ${place}`,
        `End that program, or set another ${settings.port}.`,
        error,
      );
    case "EACCES":
      return new StartError(
        `zt-bot's user may not listen on ${place}`,
        `Set ${settings.port} to one from 1024 on.`,
        error,
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new StartError(
        `${host} (${settings.host}) is no address of this machine`,
        `Set ${settings.host} to one that is, or to 0.0.0.0 for all of them.`,
        error,
      );
    default:
      return error;
  }
}
