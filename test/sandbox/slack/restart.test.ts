import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebClient } from "@slack/web-api";
import { afterEach, beforeEach, expect, it } from "vitest";
import { startSlack } from "../../../sandbox/slack/index.ts";
import { alice, general, last, section, startWithApp, workspaceOptions } from "./support.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "slack-"));
});
afterEach(() => rm(folder, { recursive: true }));

it("keeps messages, threads, modals and response URLs over a restart", async () => {
  const dataFile = join(folder, "deep", "slack.json");
  const before = await startWithApp(
    "socket",
    (app) =>
      app.command("/zt", async ({ ack, command, client }) => {
        await ack();
        const title = { type: "plain_text" as const, text: "T" };
        await client.views.open({
          trigger_id: command.trigger_id,
          view: { type: "modal", title, blocks: [section("x")] },
        });
      }),
    { dataFile },
  );
  const metadata = { event_type: "card", event_payload: { id: "r1" } };
  const { ts = "" } = await before.app.client.chat.postMessage({ channel: general, text: "head", metadata });
  await before.app.client.chat.postMessage({ channel: general, text: "reply", thread_ts: ts });
  await before.app.client.chat.postEphemeral({ channel: general, user: alice, text: "whisper" });
  const { request } = await before.slack.command({ user: alice, channel: general, text: "" });
  const view = await before.slack.waitFor(() => before.slack.views(alice)[0]);
  const port = Number(new URL(before.slack.url).port);
  await before.stop();

  const after = await startSlack(workspaceOptions({ dataFile, port }));
  expect(after.messages(general)).toMatchObject([{ ts, text: "head", metadata, replyCount: 1 }]);
  expect(after.thread(general, ts).map((message) => message.text)).toEqual(["reply"]);
  expect(after.ephemerals(alice).map((message) => message.text)).toEqual(["whisper"]);
  expect(after.views(alice)).toEqual([view]);
  const response = await fetch(String(request?.payload["response_url"]), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text: "late" }),
  });
  expect(response.status).toBe(200);
  const web = new WebClient("xoxb-test", { slackApiUrl: after.apiUrl });
  await web.chat.postMessage({ channel: general, text: "next" });
  expect(Number(last(after.messages(general)).ts)).toBeGreaterThan(Number(ts));
  await after.close();
  expect(await readdir(join(folder, "deep"))).toEqual(["slack.json"]);
});

it("says so when its data file is broken", async () => {
  const dataFile = join(folder, "slack.json");
  await writeFile(dataFile, "{");
  await expect(startSlack(workspaceOptions({ dataFile }))).rejects.toThrow(`${dataFile} can't be read`);
});
