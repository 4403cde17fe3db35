import { expect, test, vi } from "vitest";
import { describeInBrowser } from "../../support/chromium.ts";
import { phone, usePages } from "./open-page.ts";

describeInBrowser("slash commands in the composer", () => {
  const open = usePages();

  test("a slash suggests the command with its hint, as Slack does, and the hint stays below", async () => {
    const { page, sandbox } = await open();
    const composer = page.getByRole("textbox", { name: "Message #zt-approvals" });
    await composer.pressSequentially("/");
    const offer = page.getByRole("listbox", { name: "Commands" }).getByRole("option", { name: "/zt" });
    expect(await offer.innerText()).toMatch(/user alice@example\.com\s+Look up a user/);
    await page.keyboard.press("Enter");
    expect(await composer.inputValue()).toBe("/zt ");
    await page.getByText("/zt user alice@example.com: Look up a user").waitFor();
    expect(sandbox.received).toEqual([]);
  });

  test("behind the command the bot's subcommands follow, named as the sandbox's own, and Enter sends what is whole", async () => {
    const { page, sandbox } = await open(phone);
    const composer = page.getByRole("textbox", { name: "Message #zt-approvals" });
    await composer.pressSequentially("/zt r");
    const list = page.getByRole("listbox", { name: "Subcommands" });
    await page.getByText("Only in the sandbox").waitFor();
    expect(await list.getByRole("option").count()).toBe(2);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Tab");
    expect(await composer.inputValue()).toBe("/zt risk ");
    await composer.fill("/zt who");
    await page.keyboard.press("Enter");
    await vi.waitFor(() => expect(sandbox.received).toMatchObject([{ command: "/zt", text: "who" }]));
  });

  test("Enter sends the command alone while its subcommands are offered, and Escape puts them away", async () => {
    const { page, sandbox } = await open();
    const composer = page.getByRole("textbox", { name: "Message #zt-approvals" });
    await composer.fill("/zt ");
    await page.getByRole("option", { name: /^revoke <who/ }).waitFor();
    await page.keyboard.press("Enter");
    await vi.waitFor(() => expect(sandbox.received).toMatchObject([{ command: "/zt", text: "" }]));
    await composer.fill("/zt u");
    await page.getByRole("option", { name: /^user <who/ }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("listbox").waitFor({ state: "hidden" });
    await page.keyboard.press("Enter");
    await vi.waitFor(() => expect(sandbox.received.at(-1)).toMatchObject({ text: "u" }));
  });

  test("a thread suggests none, since they do not work there", async () => {
    const { page, sandbox } = await open();
    await sandbox.post([{ type: "section", text: { type: "mrkdwn", text: "the card" } }]);
    await page.getByRole("article").hover();
    await page.getByRole("button", { name: "Reply in thread" }).click();
    await page.getByRole("textbox", { name: "Reply to thread" }).pressSequentially("/");
    expect(await page.getByRole("listbox").count()).toBe(0);
  });
});
