import type { KnownBlock, ModalView } from "@slack/types";
import type { Locator, Page } from "playwright-core";
import { expect, test, vi } from "vitest";
import { describeInBrowser } from "../../support/chromium.ts";
import { type Opened, phone, type, usePages } from "./open-page.ts";
import { alice, approvals, type Received } from "./support.ts";

const plain = (text: string) => ({ type: "plain_text" as const, text });
const option = (value: string, description?: string) => ({
  text: plain(value),
  value: value.replace(/@.*/, ""),
  ...(description !== undefined && { description: plain(description) }),
});

const everybody = ["mallory@example.com", "malcolm@example.com", "eve@example.com", "grace@example.com"];
const search = (value: string) => ({
  options: everybody.filter((email) => email.startsWith(value)).map((email) => option(email)),
});

const form: ModalView = {
  type: "modal",
  title: plain("Zero Trust"),
  submit: plain("Go on"),
  blocks: [
    {
      type: "input",
      block_id: "one_user",
      label: plain("User"),
      element: { type: "external_select", action_id: "user" },
    },
    {
      type: "input",
      block_id: "all_users",
      optional: true,
      label: plain("Others"),
      element: {
        type: "multi_external_select",
        action_id: "users",
        min_query_length: 0,
        max_selected_items: 2,
        initial_options: [option("eve@example.com")],
      },
    },
    {
      type: "input",
      block_id: "devices",
      optional: true,
      label: plain("Devices"),
      element: {
        type: "multi_static_select",
        action_id: "devices",
        option_groups: [
          { label: plain("Laptops"), options: [option("MM-MacBook"), option("MM-ThinkPad")] },
          { label: plain("Phones"), options: [option("MM-iPhone")] },
        ],
      },
    },
  ],
};

const asked = (received: Received[]): unknown[] =>
  received.filter(({ type }) => type === "block_suggestion").map(({ value }) => value);
const submitted = (received: Received[]): unknown =>
  (received.find(({ type }) => type === "view_submission")?.["view"] as { state: { values: unknown } })?.state
    .values;

describeInBrowser("selects that search as one types", () => {
  const open = usePages();

  async function openForm(opened: Opened): Promise<Locator> {
    opened.sandbox.suggest(search);
    opened.sandbox.openAtNextCommand(form);
    await type(opened.page, "/zt menu");
    const modal = opened.page.getByRole("dialog", { name: "Zero Trust" });
    await modal.waitFor();
    return modal;
  }

  /** Which option the field points at. */
  async function activeOption(page: Page, field: Locator): Promise<string> {
    const id = await field.getAttribute("aria-activedescendant");
    return await page.locator(`[id="${id}"]`).innerText();
  }

  test("the app is asked once enough is typed, and the keyboard chooses among what it offers", async () => {
    const opened = await open();
    const { page, sandbox } = opened;
    const modal = await openForm(opened);
    const user = modal.getByRole("combobox", { name: "User" });
    // The first field has the focus, and its list waits until it is wanted.
    expect(await user.getAttribute("aria-expanded")).toBe("false");
    await page.keyboard.press("ArrowDown");
    await modal.getByText("Type at least 3 characters to search.").first().waitFor();
    await page.keyboard.type("mal");
    await modal.getByRole("option").nth(1).waitFor();
    expect(asked(sandbox.received)).toEqual(["mal"]);
    expect(await activeOption(page, user)).toBe("mallory@example.com");
    await page.keyboard.press("ArrowDown");
    expect(await activeOption(page, user)).toBe("malcolm@example.com");
    await page.keyboard.press("ArrowDown");
    expect(await activeOption(page, user)).toBe("mallory@example.com");
    await page.keyboard.press("Enter");
    expect(await user.inputValue()).toBe("mallory@example.com");
    expect(await user.getAttribute("aria-expanded")).toBe("false");
    await page.keyboard.press("Enter");
    await modal.waitFor({ state: "hidden" });
    expect(submitted(sandbox.received)).toMatchObject({
      one_user: {
        user: {
          type: "external_select",
          selected_option: { value: "mallory", text: { type: "plain_text", text: "mallory@example.com" } },
        },
      },
    });
  });

  test("Escape closes the list and brings back what was chosen, and only then the modal", async () => {
    const opened = await open();
    const { page } = opened;
    const modal = await openForm(opened);
    const user = modal.getByRole("combobox", { name: "User" });
    await user.fill("grace");
    await modal.getByRole("option", { name: "grace@example.com" }).click();
    await user.fill("eve");
    await modal.getByRole("option", { name: "eve@example.com" }).waitFor();
    await page.keyboard.press("Escape");
    expect(await user.inputValue()).toBe("grace@example.com");
    expect(await modal.getByRole("listbox").count()).toBe(0);
    expect(await modal.isVisible()).toBe(true);
    await page.keyboard.press("Escape");
    await modal.waitFor({ state: "hidden" });
  });

  test("nothing found and an app that does not answer are told apart", async () => {
    const opened = await open();
    const modal = await openForm(opened);
    const user = modal.getByRole("combobox", { name: "User" });
    await user.fill("nobody");
    const said = modal.getByRole("status").filter({ hasText: /\S/ });
    await vi.waitFor(
      async () => {
        expect(await said.innerText()).toBe("Nothing found.");
      },
      { timeout: 20_000 },
    );
    opened.sandbox.slack.setDelivery({ mode: "socket" });
    try {
      await user.fill("nobody else");
      await vi.waitFor(
        async () => {
          expect(await said.innerText()).toBe("The choices could not be loaded.");
        },
        { timeout: 20_000 },
      );
    } finally {
      opened.sandbox.restoreDelivery();
    }
  });

  test("several choices are chips that can be removed, and no more than the app wants", async () => {
    const opened = await open();
    const { page, sandbox } = opened;
    const modal = await openForm(opened);
    const others = modal.getByRole("combobox", { name: "Others" });
    const chips = modal.getByRole("list", { name: "Others: chosen" }).getByRole("listitem");
    expect(await chips.allInnerTexts()).toEqual([expect.stringContaining("eve@example.com")]);
    await others.click();
    await modal.getByRole("option", { name: "grace@example.com" }).click();
    await modal.getByText("You can select up to 2.").first().waitFor();
    expect(
      await modal.getByRole("option", { name: "malcolm@example.com" }).getAttribute("aria-disabled"),
    ).toBe("true");
    await modal.getByRole("button", { name: "Remove eve@example.com" }).click();
    expect(await chips.count()).toBe(1);
    // Where the button was is nothing any more: the field is where one goes on.
    await vi.waitFor(
      async () => {
        expect(await page.locator(":focus").getAttribute("role")).toBe("combobox");
      },
      { timeout: 20_000 },
    );
    await others.fill("mall");
    await modal.getByRole("option", { name: "mallory@example.com" }).waitFor();
    await page.keyboard.press("Enter");
    expect(await chips.count()).toBe(2);
    await page.keyboard.press("Backspace");
    expect(await chips.count()).toBe(1);
    await page.keyboard.press("Escape");

    await modal.getByRole("combobox", { name: "User" }).fill("eve");
    await modal.getByRole("option", { name: "eve@example.com" }).click();
    await modal.getByRole("button", { name: "Go on" }).click();
    await modal.waitFor({ state: "hidden" });
    expect(submitted(sandbox.received)).toMatchObject({
      all_users: { users: { type: "multi_external_select", selected_options: [{ value: "grace" }] } },
      devices: { devices: { selected_options: [] } },
    });
  });

  test("a list that is there already is narrowed by typing, in its groups", async () => {
    const opened = await open();
    const { sandbox } = opened;
    const modal = await openForm(opened);
    const devices = modal.getByRole("combobox", { name: "Devices" });
    await devices.click();
    expect(await modal.getByRole("group", { name: "Laptops" }).getByRole("option").count()).toBe(2);
    await devices.fill("phone");
    await modal.getByRole("group", { name: "Laptops" }).waitFor({ state: "hidden" });
    await modal.getByRole("option", { name: "MM-iPhone" }).click();
    await modal.getByRole("button", { name: "Remove MM-iPhone" }).waitFor();
    await modal.getByRole("combobox", { name: "User" }).fill("eve");
    await modal.getByRole("option", { name: "eve@example.com" }).click();
    await modal.getByRole("button", { name: "Go on" }).click();
    await modal.waitFor({ state: "hidden" });
    expect(submitted(sandbox.received)).toMatchObject({
      devices: { devices: { selected_options: [{ value: "MM-iPhone" }] } },
    });
  });

  test("in a message a choice acts at once", async () => {
    const { page, sandbox } = await open();
    sandbox.suggest((value) => ({
      option_groups: [
        { label: plain("High risk"), options: [option(`${value}lory@example.com`, "3 sessions")] },
      ],
    }));
    const blocks: KnownBlock[] = [
      {
        type: "actions",
        block_id: "people",
        elements: [{ type: "external_select", action_id: "who", placeholder: plain("Search users") }],
      },
    ];
    const ts = await sandbox.post(blocks);
    const who = page.getByRole("combobox", { name: "Search users" });
    await who.click();
    await who.fill("mal");
    await page.getByRole("group", { name: "High risk" }).getByText("3 sessions").click();
    await vi.waitFor(
      () => {
        expect(sandbox.received.at(-1)).toMatchObject({
          type: "block_actions",
          user: { id: alice },
          channel: { id: approvals },
          message: { ts },
          actions: [
            {
              type: "external_select",
              selected_option: { value: "mallory", text: { text: "mallory@example.com" } },
            },
          ],
        });
      },
      { timeout: 20_000 },
    );
    expect(await who.inputValue()).toBe("mallory@example.com");
  });

  test("an edit of the message does not take away what one is typing", async () => {
    const { page, sandbox } = await open();
    const card = (progress: string): KnownBlock[] => [
      { type: "section", text: plain(progress) },
      {
        type: "actions",
        elements: [{ type: "external_select", action_id: "who", placeholder: plain("Search users") }],
      },
    ];
    const ts = await sandbox.post(card("1 of 9"));
    const who = page.getByRole("combobox", { name: "Search users" });
    await who.fill("ma");
    await sandbox.update(ts, card("2 of 9"));
    await page.getByText("2 of 9").waitFor();
    await page.keyboard.type("l");
    expect(await who.inputValue()).toBe("mal");
  });

  test("a control of a modal tells the app what its inputs hold", async () => {
    const { page, sandbox } = await open();
    sandbox.openAtNextCommand({
      ...form,
      blocks: [
        {
          type: "input",
          block_id: "why_now",
          label: plain("Why"),
          element: { type: "plain_text_input", action_id: "why" },
        },
        {
          type: "actions",
          elements: [{ type: "button", action_id: "more", text: plain("Add one more") }],
        },
      ],
    });
    await type(page, "/zt menu");
    await page.getByRole("textbox", { name: "Why" }).fill("stolen");
    await page.getByRole("button", { name: "Add one more" }).click();
    await vi.waitFor(
      () => {
        expect(sandbox.received.at(-1)).toMatchObject({
          view: { state: { values: { why_now: { why: { value: "stolen" } } } } },
        });
      },
      { timeout: 20_000 },
    );
  });

  test("on a phone the list stays within the screen", async () => {
    const opened = await open(phone);
    const modal = await openForm(opened);
    await modal.getByRole("combobox", { name: "Others" }).tap();
    await modal.getByRole("option").first().waitFor();
    const box = await modal.getByRole("listbox").boundingBox();
    expect(box?.x).toBeGreaterThanOrEqual(0);
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(390);
    expect(box?.y).toBeGreaterThanOrEqual(0);
    expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(844);
  });
});
