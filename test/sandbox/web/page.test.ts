import { expect, test, vi } from "vitest";
import { describeInBrowser } from "../../support/chromium.ts";
import { revokeView, summaryBlocks } from "./blocks.ts";
import { phone, type, usePages } from "./open-page.ts";
import { alice, approvals, bob } from "./support.ts";

const section = (text: string) => ({ type: "section" as const, text: { type: "mrkdwn" as const, text } });

describeInBrowser("the sandbox's page", () => {
  const open = usePages();

  test("a line with a slash goes to the app as the person one is", async () => {
    const { page, sandbox } = await open();
    await page.getByRole("radio", { name: "Bob Tanaka" }).check();
    await page.getByText("Nothing in #zt-approvals yet").waitFor();
    await type(page, "/zt user @alice <x>");
    await vi.waitFor(
      () => {
        expect(sandbox.received).toMatchObject([
          { command: "/zt", text: `user <@${alice}|alice> &lt;x&gt;`, user_id: bob, channel_id: approvals },
        ]);
      },
      { timeout: 20_000 },
    );
  });

  test("the empty channel offers what to type first", async () => {
    const { page } = await open();
    await page.getByRole("button", { name: "/zt user mallory@example.com" }).click();
    expect(await page.getByRole("textbox", { name: "Message #zt-approvals" }).inputValue()).toBe(
      "/zt user mallory@example.com",
    );
  });

  test("messages show without a reload, and hostile text stays text", async () => {
    const { page, sandbox } = await open();
    await sandbox.post(summaryBlocks, { text: "mallory: high risk" });
    const message = page.getByRole("article", { name: /^zt-bot, / });
    await message.waitFor();
    const text = await message.innerText();
    expect(text).toContain("Escaped: <!channel> at 12:30:45");
    expect(text).toContain("<!here> Payroll <https://evil.example|bank>");
    expect(text).toContain("<!channel> *Eve*");
    expect(text).toContain("@Bob Tanaka");
    // 1699999700 in Paris, which is where Alice is.
    expect(text).toContain("Nov 14, 2023 at 11:08 PM");
    expect(await message.getByRole("columnheader").allInnerTexts()).toEqual(["Apps", "Until", "Logins"]);
    await page
      .getByRole("status")
      .filter({ hasText: "zt-bot: mallory: high risk" })
      .waitFor({ state: "attached" });
  });

  test("an ephemeral message shows to one person only, marked so", async () => {
    const { page, sandbox } = await open();
    await sandbox.post([section("psst")], { to: alice });
    await page.getByRole("article").filter({ hasText: "Only visible to you" }).getByText("psst").waitFor();
    await page.getByRole("radio", { name: "Bob Tanaka" }).check();
    await page.getByText("Nothing in #zt-approvals yet").waitFor();
    expect(await page.getByText("psst").count()).toBe(0);
  });

  test("a permalink in a modal leads to the message, also to a reply in its thread", async () => {
    const { page, sandbox } = await open();
    const head = await sandbox.post([section("the card")]);
    const reply = await sandbox.post([section("the evidence")], { thread_ts: head });
    const { permalink } = await sandbox.client.chat.getPermalink({ channel: approvals, message_ts: reply });
    await page.getByRole("navigation").getByRole("button", { name: "general" }).click();
    sandbox.openAtNextCommand({
      type: "modal",
      title: { type: "plain_text", text: "Asked" },
      blocks: [section(`<${permalink}|See the evidence>`)],
    });
    await type(page, "/zt revoke");
    await page.getByRole("link", { name: "See the evidence" }).click();
    await page.getByRole("heading", { name: "#zt-approvals", exact: true }).waitFor();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await page
      .getByRole("complementary", { name: /^Thread/ })
      .getByText("the evidence")
      .waitFor();
    expect(await page.locator(".message-target").innerText()).toContain("the evidence");
  });

  test("until the next person's workspace has arrived, nothing of the former one's can be read or used", async () => {
    const { page, sandbox } = await open();
    await sandbox.post([section("psst")], { to: alice });
    await page.getByText("psst").waitFor();
    const held = Promise.withResolvers<undefined>();
    await page.route(/events\?user=U0BOB/, async (route) => {
      await held.promise;
      await route.continue();
    });
    await page.getByRole("radio", { name: "Bob Tanaka" }).check();
    expect(await page.getByText("psst").count()).toBe(0);
    expect(await page.getByRole("textbox").count()).toBe(0);
    // A quick click on a channel does not undo the switch.
    await page
      .getByRole("navigation", { name: "Channels" })
      .getByRole("button", { name: "zt-approvals" })
      .click();
    await expect.poll(() => page.getByRole("radio", { name: "Bob Tanaka" }).isChecked()).toBe(true);
    expect(await page.getByText("psst").count()).toBe(0);
    held.resolve(undefined);
    await page.getByText("Nothing in #zt-approvals yet").waitFor();
  });

  test("a button with a confirm asks first, and not to confirm sends nothing", async () => {
    const { page, sandbox } = await open();
    await sandbox.post(summaryBlocks);
    await page.getByRole("button", { name: "Revoke…" }).click();
    const dialog = page.getByRole("alertdialog", { name: "End all sessions?" });
    await dialog.getByRole("button", { name: "Keep them" }).click();
    await dialog.waitFor({ state: "hidden" });
    await page.getByRole("button", { name: "Revoke…" }).click();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    expect(sandbox.received).toEqual([]);
    await page.getByRole("button", { name: "Revoke…" }).click();
    await dialog.getByRole("button", { name: "End them" }).click();
    await vi.waitFor(
      () => {
        expect(sandbox.received).toMatchObject([
          { type: "block_actions", user: { id: alice }, actions: [{ action_id: "revoke", value: "r1" }] },
        ]);
      },
      { timeout: 20_000 },
    );
  });

  test("a button is busy until the app has acknowledged, and a second press meanwhile does nothing", async () => {
    const { page, sandbox } = await open();
    await sandbox.post(summaryBlocks);
    const acked = Promise.withResolvers<undefined>();
    sandbox.answer(() => acked.promise);
    const share = page.getByRole("button", { name: "Share" });
    await share.click();
    await page.locator("button[aria-busy=true]", { hasText: "Share" }).waitFor();
    await share.click();
    acked.resolve(undefined);
    await page.locator("button[aria-busy=false]", { hasText: "Share" }).waitFor();
    expect(sandbox.received).toHaveLength(1);
  });

  test("a link button opens a new tab and tells the app", async () => {
    const { page, sandbox } = await open();
    await page
      .context()
      .route("https://dash.example.com/**", (route) => route.fulfill({ body: "dashboard" }));
    await sandbox.post(summaryBlocks);
    const tab = page.context().waitForEvent("page");
    await page.getByRole("link", { name: "Open in the dashboard" }).click();
    expect((await tab).url()).toBe("https://dash.example.com/");
    await vi.waitFor(
      () => {
        expect(sandbox.received).toMatchObject([{ actions: [{ action_id: "open" }] }]);
      },
      { timeout: 20_000 },
    );
  });

  test("selects and overflow menus in a message act when something is chosen", async () => {
    const { page, sandbox } = await open();
    await sandbox.post(summaryBlocks);
    await page.getByRole("combobox", { name: "Period" }).selectOption("7 days");
    await page.getByRole("button", { name: "More options" }).click();
    await page.getByRole("menuitem", { name: "Show the identity" }).click();
    await vi.waitFor(
      () => {
        expect(sandbox.received).toMatchObject([
          { actions: [{ action_id: "period", selected_option: { value: "7d" } }] },
          { actions: [{ action_id: "more", selected_option: { value: "identity" } }] },
        ]);
      },
      { timeout: 20_000 },
    );
  });

  test("a card is edited in place, says so, and loses its buttons", async () => {
    const { page, sandbox } = await open();
    const ts = await sandbox.post(summaryBlocks);
    await page.getByRole("button", { name: "Share" }).waitFor();
    await sandbox.update(ts, [section("Approved by Bob")]);
    const message = page.getByRole("article").filter({ hasText: "Approved by Bob" });
    await message.getByText("(edited)").waitFor();
    expect(await message.getByRole("button", { name: /Share|Revoke/ }).count()).toBe(0);
  });

  test("a thread opens beside the channel, takes replies, and refuses slash commands", async () => {
    const { page, sandbox } = await open();
    const ts = await sandbox.post([section("the card")]);
    await sandbox.post([section("evidence")], { thread_ts: ts });
    await page.getByRole("button", { name: "1 reply" }).click();
    const thread = page.getByRole("complementary", { name: /^Thread/ });
    await thread.getByText("evidence").waitFor();
    const reply = thread.getByRole("textbox", { name: "Reply to thread" });
    await reply.fill("on it");
    await reply.press("Enter");
    await thread
      .getByRole("article", { name: /Alice Moreau/ })
      .getByText("on it")
      .waitFor();
    expect(sandbox.slack.thread(approvals, ts)).toHaveLength(2);
    await reply.fill("/zt help");
    await reply.press("Enter");
    await page.getByRole("alert").getByText("/zt is not supported in threads. Sorry!").waitFor();
    expect(sandbox.received).toEqual([]);
    await page.keyboard.press("Escape");
    await thread.waitFor({ state: "hidden" });
    await page.getByRole("button", { name: "2 replies" }).waitFor();
  });

  test("a modal is filled in by its labels, and its errors stand at the inputs", async () => {
    const { page, sandbox } = await open();
    sandbox.openAtNextCommand(revokeView);
    await type(page, "/zt revoke");
    const modal = page.getByRole("dialog", { name: "Revoke sessions" });
    await modal.getByRole("note", { name: "Warning" }).waitFor();
    await modal.getByRole("button", { name: "Ask for approval" }).click();
    const reason = modal.getByRole("textbox", { name: "Reason" });
    await vi.waitFor(
      async () => {
        expect(await reason.getAttribute("aria-invalid")).toBe("true");
      },
      { timeout: 20_000 },
    );
    expect(await modal.getByText("Please complete this required field.").count()).toBe(2);

    await reason.fill("laptop stolen");
    await modal.getByRole("checkbox", { name: "Revoke all devices" }).check();
    await modal.getByRole("radio", { name: "Today" }).check();
    await modal.getByRole("combobox", { name: "Period" }).selectOption("24 hours");
    await modal.getByRole("combobox", { name: "Witness" }).selectOption("Carol Díaz");
    sandbox.answer(() => ({ response_action: "errors", errors: { who: "There is no such user." } }));
    await modal.getByRole("button", { name: "Ask for approval" }).click();
    await modal.getByText("There is no such user.").waitFor();
    expect(await reason.inputValue()).toBe("laptop stolen");

    await modal.getByRole("textbox", { name: "Email" }).fill("eve@example.com");
    await modal.getByRole("button", { name: "Ask for approval" }).click();
    await modal.waitFor({ state: "hidden" });
    expect(sandbox.received.at(-1)).toMatchObject({
      type: "view_submission",
      view: {
        state: {
          values: {
            who: { email: { value: "eve@example.com" } },
            why: { reason: { value: "laptop stolen" } },
            options: { also: { selected_options: [{ value: "devices" }] } },
            urgency: { urgency: { selected_option: { value: "today" } } },
            period: { period: { selected_option: { value: "24h" } } },
            witness: { witness: { selected_user: "U0CAROL001" } },
          },
        },
      },
    });
  });

  test("Escape closes a modal, for the app too, and focus returns to the composer", async () => {
    const { page, sandbox } = await open();
    sandbox.openAtNextCommand({ ...revokeView, notify_on_close: true });
    await type(page, "/zt revoke");
    const modal = page.getByRole("dialog", { name: "Revoke sessions" });
    await modal.waitFor();
    await page.keyboard.press("Escape");
    await modal.waitFor({ state: "hidden" });
    await vi.waitFor(
      () => {
        expect(sandbox.received.at(-1)).toMatchObject({ type: "view_closed" });
      },
      { timeout: 20_000 },
    );
    expect(await page.locator(":focus").getAttribute("aria-label")).toBe("Message #zt-approvals");
  });

  test("a view pushed on another covers it and leaves what was entered there", async () => {
    const { page, sandbox } = await open();
    sandbox.openAtNextCommand(revokeView);
    await type(page, "/zt revoke");
    const first = page.getByRole("dialog", { name: "Revoke sessions" });
    await first.getByRole("textbox", { name: "Reason" }).fill("kept");
    await first.getByRole("combobox", { name: "Period" }).selectOption("24 hours");
    sandbox.answer(() => ({
      response_action: "push",
      view: { type: "modal", title: { type: "plain_text", text: "Sure?" }, blocks: [section("Really?")] },
    }));
    await first.getByRole("button", { name: "Ask for approval" }).click();
    await page.getByRole("dialog", { name: "Sure?" }).waitFor();
    expect(await first.isVisible()).toBe(false);
    await page.keyboard.press("Escape");
    expect(await first.getByRole("textbox", { name: "Reason" }).inputValue()).toBe("kept");
  });

  test("an app that does not answer in time is reported by Slackbot", async () => {
    const { page, sandbox } = await open();
    sandbox.answer(() => new Promise(() => {}));
    await type(page, "/zt help");
    await page
      .getByRole("alert")
      .getByText(/operation_timeout/)
      .waitFor();
    await page.getByRole("button", { name: "Dismiss notice" }).click();
    expect(await page.getByText(/operation_timeout/).count()).toBe(0);
  });

  test("another channel's new message marks that channel until it is opened", async () => {
    const { page, sandbox } = await open();
    await page.getByRole("navigation").getByRole("button", { name: "general" }).click();
    await page.getByRole("heading", { name: "#general", exact: true }).waitFor();
    await sandbox.post([section("news")]);
    await sandbox.post([section("more news")]);
    await page.getByRole("button", { name: "zt-approvals 2 new" }).click();
    await page.getByText("more news").waitFor();
    expect(await page.getByRole("button", { name: "zt-approvals", exact: true }).count()).toBe(1);
  });

  test("an address keeps the person and the channel, and a stale one starts over", async () => {
    const { page, sandbox } = await open();
    await page.getByRole("radio", { name: "Carol Díaz" }).check();
    await page.getByRole("navigation").getByRole("button", { name: "general" }).click();
    await page.reload();
    await page.getByRole("heading", { name: "#general", exact: true }).waitFor();
    expect(await page.getByRole("radio", { name: "Carol Díaz" }).isChecked()).toBe(true);
    const other = await page.context().newPage();
    await other.goto(`${sandbox.url}#as=UNOBODY`);
    await other.getByRole("radio", { name: "Alice Moreau", checked: true }).waitFor();
  });

  test("the Cloudflare panel puts a user into the composer and makes things happen to them", async () => {
    const { page, sandbox } = await open();
    const panel = page.getByRole("complementary", { name: "Cloudflare" });
    await panel.getByRole("button", { name: "Investigate mallory@example.com" }).click();
    expect(await page.getByRole("textbox", { name: "Message #zt-approvals" }).inputValue()).toBe(
      "/zt user mallory@example.com",
    );
    const mallory = panel.getByRole("group", { name: "Make something happen to mallory@example.com" });
    const before = sandbox.cloudflare.state.sessions.length;
    await mallory.getByRole("button", { name: "Sign in" }).click();
    await panel.getByRole("status").getByText("mallory@example.com has signed in.").waitFor();
    expect(sandbox.cloudflare.state.sessions).toHaveLength(before + 1);
    await panel.getByText(/^Now: 4 sessions/).waitFor();
  });

  test("faults are switched on for one kind of call and off again, and its requests are in the inspector", async () => {
    const { page, sandbox } = await open();
    const panel = page.getByRole("complementary", { name: "Cloudflare" });
    await panel.getByRole("combobox", { name: "For" }).selectOption("users.list");
    const fault = panel.getByRole("switch", { name: "502 bad gateway" });
    await fault.click();
    await panel.getByRole("switch", { name: "502 bad gateway", checked: true }).waitFor();
    expect(sandbox.cloudflare.faults.list()).toMatchObject([
      { route: "users.list", fault: { kind: "status", status: 502 } },
    ]);
    await fetch(`${sandbox.cloudflare.baseUrl}/accounts/${"0".repeat(32)}/access/users?email=a%40b.c`);
    await page.getByRole("button", { name: "Inspector" }).click();
    const inspector = page.getByRole("complementary", { name: "Inspector" });
    await inspector.getByText("/access/users?email=a@b.c").waitFor();
    await inspector.getByText("502", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Cloudflare", exact: true }).click();
    await panel.getByRole("combobox", { name: "For" }).selectOption("users.list");
    await fault.click();
    await panel.getByRole("switch", { name: "502 bad gateway", checked: false }).waitFor();
    expect(sandbox.cloudflare.faults.list()).toEqual([]);
  });

  test("everything can be done with the keyboard", async () => {
    const { page, sandbox } = await open();
    await sandbox.post(summaryBlocks);
    await page.getByRole("button", { name: "Revoke…" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("alertdialog").waitFor();
    // Neither button has focus at first: Enter pressed once too often must not confirm.
    await page.keyboard.press("Enter");
    expect(sandbox.received).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("radio", { name: "Alice Moreau" }).focus();
    await page.keyboard.press("ArrowDown");
    await page.getByRole("radio", { name: "Bob Tanaka", checked: true }).waitFor();
  });

  test("on a phone the channels are a drawer, and nothing runs off the side", async () => {
    const { page, sandbox } = await open(phone);
    await sandbox.post(summaryBlocks);
    await page.getByRole("article").first().waitFor();
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
    expect(await page.getByRole("navigation").isVisible()).toBe(false);
    await page.getByRole("button", { name: "Channel list" }).click();
    await page.getByRole("navigation").getByRole("button", { name: "general" }).click();
    await page.getByRole("heading", { name: "#general", exact: true }).waitFor();
    expect(await page.getByRole("navigation").isVisible()).toBe(false);
    await page.getByRole("radio", { name: "Bob Tanaka" }).check();
    await page.getByRole("button", { name: "Cloudflare" }).click();
    await page.getByRole("button", { name: "Investigate mallory@example.com" }).click();
    expect(await page.getByRole("textbox", { name: "Message #general" }).inputValue()).toBe(
      "/zt user mallory@example.com",
    );
  });
});
