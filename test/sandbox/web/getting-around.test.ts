import type { Page } from "playwright-core";
import { expect, test, vi } from "vitest";
import { describeInBrowser } from "../../support/chromium.ts";
import { summaryBlocks } from "./blocks.ts";
import { desk, phone, usePages } from "./open-page.ts";
import { alice, approvals, bob, type Sandbox } from "./support.ts";

const section = (text: string) => ({ type: "section" as const, text: { type: "mrkdwn" as const, text } });

const names = (page: Page): Promise<string> =>
  page.locator(":focus").evaluate((element) => element.getAttribute("aria-label") ?? element.textContent);

/** A card with more replies than fit a screen. */
async function postLongThread(sandbox: Sandbox): Promise<string> {
  const ts = await sandbox.post([section("the card")]);
  for (let line = 1; line <= 30; line += 1) await sandbox.post([section(`reply ${line}`)], { thread_ts: ts });
  return ts;
}

describeInBrowser("getting around in the sandbox's page", () => {
  const open = usePages();

  test("unread messages are counted for each person, also in direct messages, and not one's own", async () => {
    const { page, sandbox } = await open();
    const channels = page.getByRole("navigation", { name: "Channels" });
    await channels.getByRole("button", { name: "general" }).click();
    await sandbox.post([section("for all")]);
    await sandbox.client.chat.postMessage({ channel: sandbox.slack.dm(bob), text: "for Bob" });
    await sandbox.slack.post({ user: alice, channel: approvals, text: "mine" });
    await channels.getByRole("button", { name: "zt-approvals 1 new" }).click();
    await page.getByText("for all").waitFor();
    await channels.getByRole("button", { name: "general" }).click();
    expect(await channels.getByRole("button", { name: "zt-approvals", exact: true }).count()).toBe(1);

    await page.getByRole("radio", { name: "Bob Tanaka" }).check();
    await channels.getByRole("button", { name: "zt-approvals 2 new" }).waitFor();
    await channels.getByRole("button", { name: "zt-bot 1 new" }).waitFor();
    expect(await page.title()).toMatch(/^\(3\) #general/);
  });

  test("on a phone the button of the channel list says that there is something new in it", async () => {
    const { page, sandbox } = await open(phone);
    await sandbox.client.chat.postMessage({ channel: "C0GENERAL1", text: "news" });
    await page.getByRole("button", { name: "Channel list, 1 new" }).click();
    await page.getByRole("button", { name: "general 1 new" }).click();
    await page.getByRole("article").getByText("news").waitFor();
    expect(await page.getByRole("button", { name: "Channel list", exact: true }).count()).toBe(1);
  });

  for (const [size, options] of [
    ["a desk", desk],
    ["a phone", phone],
  ] as const) {
    test(`at the size of ${size} a thread opens at its newest message and follows new ones, until one scrolls up`, async () => {
      const { page, sandbox } = await open(options);
      const ts = await postLongThread(sandbox);
      await page.getByRole("button", { name: "30 replies" }).click();
      const thread = page.getByRole("complementary", { name: /^Thread/ });
      const shows = (text: string): Promise<boolean> =>
        thread.getByText(text, { exact: true }).evaluate((element) => {
          const { bottom } = element.getBoundingClientRect();
          const log = element.closest("[role=log]")?.getBoundingClientRect();
          return log !== undefined && bottom > log.top && bottom <= log.bottom;
        });
      await thread.getByText("reply 30", { exact: true }).waitFor();
      expect(await shows("reply 30")).toBe(true);

      await sandbox.post([...summaryBlocks, section("the long end")], { thread_ts: ts });
      await thread.getByText("the long end").waitFor();
      expect(await shows("the long end")).toBe(true);

      await thread.getByRole("log").evaluate((log) => log.scrollTo(0, 0));
      await vi.waitFor(async () => expect(await shows("the card")).toBe(true));
      await sandbox.post([section("one more")], { thread_ts: ts });
      await thread.getByText("one more").waitFor();
      expect(await shows("the card")).toBe(true);
    });
  }

  test("what one unfolds at the end of a channel stays where it is", async () => {
    const { page, sandbox } = await open();
    await sandbox.post(summaryBlocks);
    await sandbox.post([
      section("the end"),
      {
        type: "container",
        title: { type: "plain_text", text: "The rest" },
        is_collapsible: true,
        default_collapsed: true,
        child_blocks: Array.from({ length: 9 }, (_, line) => section(`line ${line}\n.\n.\n.`)),
      },
    ]);
    const title = page.getByText("The rest");
    await title.click();
    await page.getByText("line 8").waitFor();
    const before = await title.boundingBox();
    await sandbox.post([section("another")]);
    await page.getByRole("article").getByText("another").waitFor();
    expect(await title.boundingBox()).toEqual(before);
  });

  test("on a phone a thread takes the place of the channel, says what Slackbot says, and leads back", async () => {
    const { page, sandbox } = await open(phone);
    await sandbox.post([section("the card")]);
    const composer = page.getByRole("textbox", { name: "Message #zt-approvals" });
    await composer.fill("a draft");
    await page.getByRole("button", { name: "Reply in thread" }).click();
    const thread = page.getByRole("complementary", { name: /^Thread/ });
    await thread.waitFor();
    expect(await composer.count()).toBe(0);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
    const reply = thread.getByRole("textbox", { name: "Reply to thread" });
    await reply.fill("/zt help");
    await reply.press("Enter");
    await thread.getByRole("alert").getByText("/zt is not supported in threads. Sorry!").waitFor();

    await thread.getByRole("button", { name: "Back to #zt-approvals" }).click();
    await thread.waitFor({ state: "hidden" });
    expect(await composer.inputValue()).toBe("a draft");
    expect(await names(page)).toBe("Reply in thread");
  });

  test("Escape closes the thread wherever the focus is, but first what is open in it", async () => {
    const { page, sandbox } = await open();
    await sandbox.post([section("the card")]);
    await page.getByRole("article").hover();
    await page.getByRole("button", { name: "Reply in thread" }).click();
    const thread = page.getByRole("complementary", { name: /^Thread/ });
    await thread.getByRole("textbox", { name: "Reply to thread" }).pressSequentially("@b");
    await thread.getByRole("option", { name: /Bob/ }).waitFor();
    await page.keyboard.press("Escape");
    await thread.getByRole("option").waitFor({ state: "hidden" });
    expect(await thread.isVisible()).toBe(true);
    await page.getByRole("heading", { name: "#zt-approvals", exact: true }).click();
    await page.keyboard.press("Escape");
    await thread.waitFor({ state: "hidden" });
  });

  test("one starts in the composer; the first stop of Tab leads there past every message", async () => {
    const { page, sandbox } = await open();
    await sandbox.post(summaryBlocks);
    await page.reload();
    await page.getByText("Escaped:").waitFor();
    expect(await names(page)).toBe("Message #zt-approvals");
    await page.getByRole("navigation").getByRole("button", { name: "general" }).click();
    expect(await names(page)).toBe("Message #general");

    const skip = page.getByRole("button", { name: "Skip to the message field" });
    await skip.focus();
    expect(await skip.boundingBox()).toMatchObject({ height: 32 });
    await page.keyboard.press("Enter");
    expect(await names(page)).toBe("Message #general");
    const stops = await page.evaluate(
      "[...document.querySelectorAll('button, input, textarea, [tabindex=\"0\"]')].findIndex((stop) => stop.classList.contains('skip'))",
    );
    expect(stops).toBe(0);
  });
});
