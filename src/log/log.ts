import { inspect } from "node:util";

import { levels, pino, type DestinationStream, type Logger } from "pino";

import { createOutput } from "./output.ts";

export type { Logger } from "pino";

/** The narrow face of the log that most modules need. */
export type Log = Pick<Logger, "debug" | "info" | "warn" | "error">;

/** Anything that looks like a Slack or bearer token, wherever it hides in a string. */
const TOKEN = /\b(?:xox[a-z]|xapp|xwfp)-[\w-]+|Bearer\s+[^\s"\\]+/gi;
/** The password in a URL, such as a database's: up to the last @, as a password may hold one. */
const URL_PASSWORD = /(?<=:\/\/[^\s"/@:]*:)[^\s"]+(?=@)/g;
const REDACTED = "[redacted]";

/**
 * JSON lines on stdout (or on `stream`). Credentials are redacted by path and, in messages and error texts,
 * by shape: an error from a library may quote the request it failed on. `secrets` are taken out wherever they stand.
 */
export function createLogger(
  level: string,
  stream?: DestinationStream,
  secrets: readonly string[] = [],
): Logger {
  // As they stand in a line of JSON, the longest first: one may be a part of another.
  const known = secrets
    .map((secret) => JSON.stringify(secret).slice(1, -1))
    .toSorted((a, b) => b.length - a.length);
  const options = {
    // A wrong level must not keep the settings' own report of it from being written.
    level: level === "silent" || level in levels.values ? level : "info",
    base: { name: "zt-bot" },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: [
        "token",
        "*.token",
        "headers",
        "*.headers",
        "authorization",
        "*.authorization",
        "config",
        "*.config",
        "err.request",
        "err.response",
      ],
      remove: true,
    },
    serializers: { err: serializeError },
    hooks: {
      streamWrite: (line: string) =>
        known
          .reduce((text, secret) => text.replaceAll(secret, REDACTED), line)
          .replaceAll(TOKEN, REDACTED)
          .replaceAll(URL_PASSWORD, REDACTED),
    },
  };
  const logger: Logger = pino(
    options,
    stream ??
      createOutput(STDOUT, (lines) =>
        logger.warn({ lines }, "lines of the log were lost: it could not be written"),
      ),
  );
  return logger;
}

const STDOUT = 1;

/** Name, message, code and stack only: library errors carry whole requests with their headers. */
function serializeError(error: unknown): Record<string, unknown> {
  // Not String: some values can't be made one. What an object holds is left out, as it may be a whole request.
  if (!(error instanceof Error)) return { message: inspect(error, { depth: -1 }) };
  const { code } = error as Error & { code?: unknown };
  const serialized: Record<string, unknown> = {
    type: error.name,
    message: error.message,
    stack: error.stack,
  };
  if (typeof code === "string" || typeof code === "number") serialized["code"] = code;
  if (error.cause instanceof Error) serialized["cause"] = error.cause.message;
  return serialized;
}
