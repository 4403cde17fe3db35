import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";

import { signRequest } from "../sandbox/slack/delivery/http.ts";
import { CHANNELS, describeWorkspace, PEOPLE } from "../sandbox/workspace.ts";
import { monotonicMs } from "./monotonic.ts";
import { createTimes, type Times } from "./percentiles.ts";

/** A slash command as Slack sends it: https://docs.slack.dev/interactivity/implementing-slash-commands. */
export interface SlashCommand {
  /** What comes after `/zt`. */
  text: string;
  responseUrl: string;
}

/** Sends commands to a bot, as Slack does. */
export interface Sender {
  /** Prepares a command; what is given back sends it, and resolves when it is acknowledged. @throws when it is not. */
  prepare(command: SlashCommand): () => Promise<void>;
  close(): void;
}

const { team, bot } = describeWorkspace({ mode: "socket" });

function payloadOf({ text, responseUrl }: SlashCommand): Record<string, string> {
  return {
    token: "a-verification-token",
    team_id: team.id,
    team_domain: team.domain,
    channel_id: CHANNELS.security,
    channel_name: "security",
    user_id: PEOPLE.alice,
    user_name: "alice",
    command: "/zt",
    text,
    api_app_id: bot.appId,
    is_enterprise_install: "false",
    response_url: responseUrl,
    // Two that are signed within a second have to differ.
    trigger_id: randomUUID(),
  };
}

/** Over HTTP: signed requests on connections that are kept open. `url`: of the bot. */
export function createHttpSender(url: string): Sender {
  const agent = new Agent({ keepAlive: true });
  const path = `${url}/slack/events`;
  return {
    prepare(command) {
      const { body, headers } = signRequest(
        path,
        "slash_commands",
        payloadOf(command),
        bot.signingSecret,
        Date.now(),
      );
      const length = String(Buffer.byteLength(body));
      return () => {
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        const sent = request(path, {
          method: "POST",
          agent,
          headers: { ...headers, "content-length": length },
        });
        sent.once("error", reject).once("response", (response) => {
          response
            .resume()
            .once("end", () =>
              response.statusCode === 200
                ? resolve()
                : reject(new Error(`a command was answered with ${response.statusCode ?? "nothing"}`)),
            );
        });
        sent.end(body);
        return promise;
      };
    },
    close: () => agent.destroy(),
  };
}

/** `count` times, so many at a time: each begins when one is over. @returns how long each took, and all of them in milliseconds. */
export async function repeat(
  count: number,
  atOnce: number,
  act: (index: number) => Promise<unknown>,
): Promise<{ times: Times; ms: number }> {
  const times = createTimes();
  let begun = 0;
  const startedAt = monotonicMs();
  const one = async (): Promise<void> => {
    while (begun < count) {
      const index = begun;
      begun += 1;
      const from = monotonicMs();
      await act(index);
      times.add(monotonicMs() - from);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  return { times, ms: monotonicMs() - startedAt };
}
