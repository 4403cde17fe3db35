import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

import { expect, it, onTestFinished, vi } from "vitest";

import { createRespond } from "../../src/slack/respond.ts";

const MESSAGE = { text: "3 active sessions", blocks: [] };

async function serve(listener: RequestListener) {
  const server = createServer(listener);
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  const visits: string[] = [];
  server.on("request", ({ url = "" }) => visits.push(url));
  return { server, visits, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

it("an answer goes to Slack, and not where Slack's answer leads on to", async () => {
  const other = await serve((_request, response) => response.end());
  const slack = await serve((_request, response) =>
    response.writeHead(307, { location: `${other.url}/elsewhere` }).end(),
  );
  const respond = createRespond(`${slack.url}/api/`);

  await expect(respond(`${slack.url}/commands/1`, MESSAGE)).rejects.toThrow("fetch failed");
  expect(slack.visits).toEqual(["/commands/1"]);
  expect(other.visits).toEqual([]);
});

it("an answer to an answer is read to its end: no connection stays open for it", async () => {
  const slack = await serve((_request, response) => response.end("x".repeat(1_000_000)));
  const respond = createRespond(`${slack.url}/api/`);
  let open = 0;
  slack.server.on("connection", (socket) => {
    open += 1;
    socket.on("close", () => (open -= 1));
  });

  for (let n = 0; n < 20; n += 1) await respond(`${slack.url}/commands/${n}`, MESSAGE);
  expect(open).toBeLessThan(5);
});

it.each(["https://hooks.slack.com", "https://hooks.slack-gov.com", "https://slack-gov.com"])(
  "an answer may go to %s where Slack is slack-gov.com",
  async (origin) => {
    const fetching = vi.spyOn(globalThis, "fetch").mockResolvedValue(new Response("ok"));
    onTestFinished(() => fetching.mockRestore());
    await createRespond("https://slack-gov.com/api/")(`${origin}/commands/1`, MESSAGE);
    expect(fetching).toHaveBeenCalledWith(
      `${origin}/commands/1`,
      expect.objectContaining({ redirect: "error" }),
    );
  },
);
