import type { WebClient } from "@slack/web-api";
import { describe, expect, it, onTestFinished } from "vitest";

import { startSlack, type Slack, type SlackOptions } from "../../sandbox/slack/index.ts";
import { unfolded } from "../../src/slack/containers.ts";
import { createSlackClients } from "../../src/slack/clients.ts";
import { editMessage, post, postMessage } from "../../src/slack/messages.ts";
import { folded, message, section } from "../../src/views/blocks.ts";
import { alice, general, workspaceOptions } from "../sandbox/slack/support.ts";

const FOLDED = message(
  "Mallory has 3 sessions",
  section("*Mallory* has 3 sessions"),
  folded("Sessions <3>", [section("Laptop in Paris"), section("Phone in Lyon")], "2 countries"),
);

async function start(options: Partial<SlackOptions> = {}): Promise<{ slack: Slack; client: WebClient }> {
  const slack = await startSlack(workspaceOptions({ quiet: true, ...options }));
  onTestFinished(() => slack.close());
  return { slack, client: createSlackClients("xoxb-test", slack.apiUrl).background };
}

function refused({ calls }: Slack): number {
  return calls.filter(({ response }) => response?.["error"] === "invalid_blocks").length;
}

describe("a message with containers", { tags: ["slow"] }, () => {
  it("goes as it is to a workspace that knows them", async () => {
    const { slack, client } = await start();
    await post(client, general, FOLDED);
    expect(slack.messages(general)[0]?.blocks.map(({ type }) => type)).toEqual(["section", "container"]);
  });

  it("goes with what stands in them to a workspace that does not, which is asked once", async () => {
    const { slack, client } = await start({ unknownBlocks: ["container"] });
    const place = await postMessage(client, general, FOLDED, "ZT-1");
    const [first] = slack.messages(general);
    expect(first?.blocks.map(({ type }) => type)).toEqual(["section", "section", "section", "section"]);
    expect(slack.visibleText(first ?? { blocks: [] })).toContain(
      "Sessions <3> · 2 countries\nLaptop in Paris",
    );
    expect(refused(slack)).toBe(1);

    await postMessage(client, general, FOLDED, "ZT-2");
    await editMessage(client, place, FOLDED);
    expect(slack.messages(general)).toHaveLength(2);
    expect(refused(slack)).toBe(1);
    expect(slack.violations).toEqual([]);
  });

  it("is edited so too", async () => {
    const { slack, client } = await start({ unknownBlocks: ["container"] });
    const place = await post(client, general, message("soon", section("soon")));
    expect(await editMessage(client, place, FOLDED)).toBe(true);
    expect(slack.visibleText(slack.messages(general)[0] ?? { blocks: [] })).toContain("Phone in Lyon");
  });

  it("goes in words alone where its other blocks are to blame, and containers are tried again", async () => {
    const { slack, client } = await start();
    const broken = { ...FOLDED, blocks: [...FOLDED.blocks, { type: "section" } as never] };
    await postMessage(client, general, broken, "ZT-1");
    await postMessage(client, general, FOLDED, "ZT-2");
    expect(slack.messages(general).map(({ blocks }) => blocks.map(({ type }) => type))).toEqual([
      [],
      ["section", "container"],
    ]);
  });

  it("is an answer to a command as well", async () => {
    const { slack } = await start({
      unknownBlocks: ["container"],
      mount: (app) => app.post("/bot", (_request, response) => void response.end()),
    });
    const clients = createSlackClients("xoxb-test", slack.apiUrl);
    slack.setDelivery({ mode: "http", url: `${slack.url}/bot` });
    const { request } = await slack.command({ user: alice, channel: general, text: "user mallory" });
    const url = String(request?.payload["response_url"]);
    await clients.respond(url, FOLDED);
    await clients.respond(url, FOLDED);
    expect(slack.ephemerals(alice)).toHaveLength(2);
    expect(refused(slack)).toBe(1);
  });
});

it("no more blocks than a message holds come out of containers", () => {
  const many = folded(
    "Many",
    Array.from({ length: 60 }, (_, n) => section(String(n))),
  );
  expect(unfolded(many)).toHaveLength(50);
});
