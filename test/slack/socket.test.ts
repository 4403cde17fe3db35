import type { SocketModeReceiver } from "@slack/bolt";
import { expect, it, vi } from "vitest";

import { createLogger } from "../../src/log.ts";
import { createSlackSocket } from "../../src/slack/socket.ts";

it.each(["null", '{"type":"events_api"}', '{"type":"events_api","payload":{"event":null}}'])(
  "a message that Slack would not send, %s, ends nothing",
  async (message) => {
    const lines: string[] = [];
    const log = createLogger("info", { write: (line) => void lines.push(line) });
    const boltLogger = { ...console, setLevel() {}, getLevel: () => "info", setName() {}, debug() {} };
    const { receiver } = createSlackSocket({
      appToken: "xapp-1",
      apiUrl: "http://127.0.0.1:9/api/",
      log,
      boltLogger: boltLogger as never,
    });
    (receiver as SocketModeReceiver).client.emit("ws_message", message, false);
    // A rejection that nobody handles fails the test run.
    await vi.waitFor(() => expect(lines.join("")).toContain("not understood"));
  },
);
