import type { AnyBlock } from "@slack/types";
import { expect, test, vi } from "vitest";
import { describeInBrowser } from "../../support/chromium.ts";
import { desk, phone, usePages } from "./open-page.ts";
import { alice } from "./support.ts";

const home: AnyBlock[] = [
  { type: "header", text: { type: "plain_text", text: "Needs you" } },
  {
    type: "input",
    block_id: "search",
    dispatch_action: true,
    label: { type: "plain_text", text: "Find a user" },
    element: { type: "plain_text_input", action_id: "who" },
  },
  {
    type: "actions",
    block_id: "row",
    elements: [
      { type: "button", action_id: "approve", text: { type: "plain_text", text: "Approve" }, value: "r1" },
    ],
  },
];

describeInBrowser("the bot's Home", () => {
  const open = usePages();

  for (const [size, options] of [
    ["a desk", desk],
    ["a phone", phone],
  ] as const) {
    test(`at the size of ${size} it shows what the app publishes, and its buttons tell the app`, async () => {
      const { page, sandbox } = await open(options);
      if (options === phone) await page.getByRole("button", { name: "Channel list" }).click();
      await page
        .getByRole("navigation", { name: "Channels" })
        .getByRole("button", { name: "zt-bot" })
        .click();
      const tabs = page.getByRole("navigation", { name: "zt-bot" });
      await tabs.getByRole("button", { name: "Messages" }).waitFor();
      await tabs.getByRole("button", { name: "Home" }).click();
      await page.getByText("Nothing here yet").waitFor();
      await vi.waitFor(() =>
        expect(sandbox.received.at(-1)).toMatchObject({
          event: { type: "app_home_opened", user: alice, tab: "home" },
        }),
      );

      await sandbox.client.views.publish({ user_id: alice, view: { type: "home", blocks: home } });
      await page.getByRole("heading", { name: "Needs you" }).waitFor();
      await page.getByRole("textbox", { name: "Find a user" }).fill("mallory");
      await page.getByRole("button", { name: "Approve" }).click();
      await vi.waitFor(() =>
        expect(sandbox.received.at(-1)).toMatchObject({
          type: "block_actions",
          view: { type: "home", state: { values: { search: { who: { value: "mallory" } } } } },
          actions: [{ action_id: "approve", value: "r1" }],
        }),
      );
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(options.viewport?.width);

      await page.reload();
      await page.getByRole("heading", { name: "Needs you" }).waitFor();
      await tabs.getByRole("button", { name: "Messages" }).click();
      await page.getByRole("textbox", { name: "Message zt-bot" }).waitFor();
    });
  }

  test("a user chosen beside it is looked up in the bot's messages", async () => {
    const { page } = await open();
    await page.getByRole("navigation", { name: "Channels" }).getByRole("button", { name: "zt-bot" }).click();
    await page.getByRole("navigation", { name: "zt-bot" }).getByRole("button", { name: "Home" }).click();
    await page.getByRole("button", { name: "Investigate mallory@example.com" }).click();
    expect(await page.getByRole("textbox", { name: "Message zt-bot" }).inputValue()).toBe(
      "/zt user mallory@example.com",
    );
  });
});
