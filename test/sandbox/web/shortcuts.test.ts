import type { KnownBlock } from "@slack/types";
import { describe, expect, test, vi } from "vitest";
import { describeInBrowser } from "../../support/chromium.ts";
import { phone, type, usePages } from "./open-page.ts";
import { alice, approvals, bob } from "./support.ts";

const section = (text: string) => ({ type: "section" as const, text: { type: "mrkdwn" as const, text } });
const plain = (text: string) => ({ type: "plain_text" as const, text });

describeInBrowser("beyond slash commands", () => {
  const open = usePages();
  describe("shortcuts", () => {
    test("a message's menu has the app's shortcuts, which tell the app about that message", async () => {
      const { page, sandbox } = await open();
      const { ts } = await sandbox.slack.post({
        user: bob,
        channel: approvals,
        text: "who is eve@corp.com?",
      });
      await page.getByRole("article").hover();
      await page.getByRole("button", { name: "More actions" }).click();
      await page.getByRole("menuitem", { name: "Investigate" }).click();
      await vi.waitFor(
        () => {
          expect(sandbox.received).toMatchObject([
            {
              type: "message_action",
              callback_id: "investigate",
              user: { id: alice },
              channel: { id: approvals },
              message: { ts, text: "who is eve@corp.com?" },
            },
          ]);
        },
        { timeout: 20_000 },
      );
    });

    test("one's own message can be edited and deleted, and every message takes a 📌 and gives it back", async () => {
      const { page, sandbox } = await open();
      await sandbox.slack.post({ user: alice, channel: approvals, text: "called her" });
      const newest = () => sandbox.slack.messages(approvals).at(-1);
      await page.getByRole("article").hover();
      const choose = async (name: string) => {
        await page.getByRole("button", { name: "More actions" }).click();
        await page.getByRole("menuitem", { name }).click();
      };
      await choose("React with 📌");
      await page.getByRole("img", { name: "1 reacted with 📌" }).waitFor();
      expect(newest()?.reactions).toEqual([{ name: "pushpin", users: [alice] }]);
      await choose("Remove your 📌");
      await page.getByRole("img", { name: "1 reacted with 📌" }).waitFor({ state: "detached" });
      await choose("Edit message…");
      await page.getByRole("textbox", { name: "Message", exact: true }).fill("called her twice");
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("called her twice").waitFor();
      await page.getByText("(edited)").waitFor();
      await choose("Delete message");
      await vi.waitFor(() => expect(sandbox.slack.messages(approvals)).toEqual([]));
      await sandbox.slack.post({ user: bob, channel: approvals, text: "who?" });
      await page.getByRole("article").hover();
      await page.getByRole("button", { name: "More actions" }).click();
      expect(await page.getByRole("menuitem", { name: "Edit message…" }).count()).toBe(0);
    });

    test("the menu is the keyboard's too: arrows go round, Escape closes it and leaves the thread open", async () => {
      const { page, sandbox } = await open();
      const ts = await sandbox.post([section("the card")]);
      await sandbox.post([section("evidence")], { thread_ts: ts });
      await page.getByRole("button", { name: "1 reply" }).click();
      const thread = page.getByRole("complementary", { name: /^Thread/ });
      const more = thread.getByRole("button", { name: "More actions" }).last();
      await more.focus();
      await page.keyboard.press("ArrowDown");
      const focused = page.locator(":focus");
      expect(await focused.innerText()).toBe("Investigate");
      for (let item = 0; item < 3; item += 1) await page.keyboard.press("ArrowDown");
      expect(await focused.innerText()).toBe("Investigate");
      await page.keyboard.press("End");
      expect(await focused.innerText()).toBe("React with 📌");
      await page.keyboard.press("Escape");
      expect(await page.getByRole("menu").count()).toBe(0);
      expect(await focused.getAttribute("aria-label")).toBe("More actions");
      expect(await thread.isVisible()).toBe(true);
      await page.keyboard.press("Enter");
      await page.keyboard.press("ArrowUp");
      await page.keyboard.press("ArrowUp");
      await page.keyboard.press("Enter");
      await vi.waitFor(
        () => {
          expect(sandbox.received).toMatchObject([
            { callback_id: "ask", message: { thread_ts: ts, text: "a message" } },
          ]);
        },
        { timeout: 20_000 },
      );
    });

    test("an ephemeral message has no menu", async () => {
      const { page, sandbox } = await open();
      await sandbox.post([section("psst")], { to: alice });
      await page.getByText("psst").waitFor();
      expect(await page.getByRole("button", { name: "More actions" }).count()).toBe(0);
    });

    test("the lightning beside the composer has the global ones, and focus returns to it after the modal", async () => {
      const { page, sandbox } = await open(phone);
      sandbox.openAtNextCommand({ type: "modal", title: plain("Zero Trust"), blocks: [section("Pick one")] });
      await page.getByRole("button", { name: "Shortcuts" }).tap();
      await page.getByRole("menuitem", { name: "Zero Trust…" }).tap();
      await page.getByRole("dialog", { name: "Zero Trust" }).waitFor();
      expect(sandbox.received).toMatchObject([
        { type: "shortcut", callback_id: "menu", user: { id: alice } },
      ]);
      expect(sandbox.received[0]).not.toHaveProperty("channel");
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "hidden" });
      expect(await page.locator(":focus").getAttribute("aria-label")).toBe("Shortcuts");
    });
  });

  describe("mentions", () => {
    test("an @ and the start of a name offer who is meant; Enter takes the offer, and then sends", async () => {
      const { page, sandbox } = await open();
      const composer = page.getByRole("textbox", { name: "Message #zt-approvals" });
      await composer.click();
      await page.keyboard.type("@z");
      await page.getByRole("option", { name: "@zt-bot" }).waitFor();
      await page.keyboard.press("Enter");
      expect(await composer.inputValue()).toBe("@zt-bot ");
      await page.keyboard.type("user eve@example.com ask @secu");
      await page.getByRole("option", { name: "@security-leads" }).click();
      await page.keyboard.press("Enter");
      await vi.waitFor(
        () => {
          expect(sandbox.received).toMatchObject([
            {
              type: "event_callback",
              event: {
                type: "app_mention",
                user: alice,
                channel: approvals,
                text: "<@U0ZTBOT001> user eve@example.com ask <!subteam^S0LEADS001|@security-leads>",
              },
            },
          ]);
        },
        { timeout: 20_000 },
      );
      const message = page.getByRole("article", { name: /^Alice Moreau/ });
      expect(await message.innerText()).toContain("@zt-bot user eve@example.com ask @security-leads");
    });

    test("a whole name is offered nothing, Escape declines, and an address is no mention", async () => {
      const { page, sandbox } = await open();
      await type(page, "/zt user @alice");
      await vi.waitFor(
        () => {
          expect(sandbox.received).toMatchObject([{ command: "/zt", text: `user <@${alice}|alice>` }]);
        },
        { timeout: 20_000 },
      );
      const composer = page.getByRole("textbox", { name: "Message #zt-approvals" });
      await page.keyboard.type("bob@al");
      expect(await page.getByRole("listbox").count()).toBe(0);
      await page.keyboard.type(" @al");
      await page.getByRole("option", { name: "@alice" }).waitFor();
      await page.keyboard.press("Escape");
      expect(await page.getByRole("listbox").count()).toBe(0);
      await page.keyboard.press("Enter");
      expect(await composer.inputValue()).toBe("");
      await page.getByRole("article").getByText("bob@al @al").waitFor();
    });

    test("a reply that mentions the bot reaches it with its thread, and so does its answer for one person", async () => {
      const { page, sandbox } = await open();
      const ts = await sandbox.post([section("the card")]);
      await sandbox.post([section("evidence")], { thread_ts: ts });
      await page.getByRole("button", { name: "1 reply" }).click();
      const thread = page.getByRole("complementary", { name: /^Thread/ });
      await thread.getByText("mention @zt-bot instead").waitFor();
      await thread.getByRole("textbox", { name: "Reply to thread" }).click();
      await page.keyboard.type("@zt");
      await page.keyboard.press("Tab");
      await page.keyboard.type("help");
      await page.keyboard.press("Enter");
      await vi.waitFor(
        () => {
          expect(sandbox.received).toMatchObject([{ event: { type: "app_mention", thread_ts: ts } }]);
        },
        { timeout: 20_000 },
      );
      await sandbox.post([section("for your eyes")], { to: alice, thread_ts: ts });
      const whisper = thread.getByRole("article").filter({ hasText: "for your eyes" });
      await whisper.getByText("Only visible to you").waitFor();
      await page.getByRole("button", { name: "2 replies, 1 only visible to you" }).waitFor();
      expect(await page.getByRole("main").getByText("for your eyes").count()).toBe(0);
    });
  });

  describe("an answer with pages", () => {
    /** A page of a list as the app draws it: Slack makes up the ids that it leaves out. */
    function listPage(number: number): KnownBlock[] {
      const button = (text: string) => ({
        type: "button" as const,
        text: plain(text),
        action_id: `go_${text}`,
      });
      return [
        section(`Page ${number} of 3`),
        ...(number === 2 ? [section("and one line more")] : []),
        {
          type: "actions",
          elements: [...(number > 1 ? ["Previous"] : []), ...(number < 3 ? ["Next"] : [])].map(button),
        },
      ];
    }

    test("is replaced where it stands, the focus stays on the button, and the new page is read out", async () => {
      const { page, sandbox } = await open();
      await sandbox.post(listPage(1), { to: alice, text: "Page 1" });
      await sandbox.post([section("something else")]);
      const turnTo = (number: number): void => {
        sandbox.answer(async ({ response_url: url }) => {
          await fetch(String(url), {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({
              replace_original: true,
              text: `Page ${number}`,
              blocks: listPage(number),
            }),
          });
        });
      };
      const next = page.getByRole("button", { name: "Next" });
      turnTo(2);
      await next.focus();
      await page.keyboard.press("Enter");
      await page.getByText("Page 2 of 3").waitFor();
      expect(await page.locator(":focus").innerText()).toBe("Next");
      await page.getByRole("status").getByText("zt-bot: Page 2").waitFor({ state: "attached" });
      expect(await page.getByRole("article").first().innerText()).toContain("Page 2 of 3");
      await vi.waitFor(
        async () => {
          expect(await next.getAttribute("aria-busy")).toBe("false");
        },
        { timeout: 20_000 },
      );
      turnTo(3);
      await page.keyboard.press("Enter");
      await page.getByText("Page 3 of 3").waitFor();
      // "Next" is gone: the control in its place has the focus, not the top of the page.
      expect(await page.locator(":focus").innerText()).toBe("Previous");
      expect(sandbox.slack.ephemerals(alice)).toHaveLength(1);
    });

    test("does not move what one looks at", async () => {
      const { page, sandbox } = await open();
      await sandbox.post(listPage(1), { to: alice, text: "Page 1" });
      for (let line = 0; line < 30; line += 1) await sandbox.post([section(`line ${line}`)]);
      await page.getByText("line 29").waitFor();
      const next = page.getByRole("button", { name: "Next" });
      await next.scrollIntoViewIfNeeded();
      const before = await page.getByText(/^Page \d of 3$/).boundingBox();
      sandbox.answer(async ({ response_url: url }) => {
        await fetch(String(url), {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ replace_original: true, text: "Page 2", blocks: listPage(2) }),
        });
      });
      await next.click();
      await page.getByText("and one line more").waitFor();
      expect((await page.getByText(/^Page \d of 3$/).boundingBox())?.y).toBe(before?.y);
    });
  });
});
