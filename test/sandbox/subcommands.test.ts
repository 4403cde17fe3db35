import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";

import { createCommands } from "../../src/commands/index.ts";
import { describeInBrowser, launchBrowser } from "../support/chromium.ts";
import { beAt, startSandbox } from "../support/sandbox.ts";

/** What is typed, and something that the answer or the form shows. A form is left with its Back button. */
const LOOK_UPS: Record<string, [typed: string, shows: string | RegExp]> = {
  help: ["help", "Zero Trust, from Slack"],
  user: ["user mallory@example.com", "3 active sessions"],
  users: ["users mallory", "Mallory Archer"],
  sessions: ["sessions dana@example.com", "12 active sessions"],
  identity: ["identity mallory@example.com", "How the open sessions differ"],
  "failed-sign-ins": ["failed-sign-ins mallory@example.com", /17/],
  devices: ["devices devon@example.com", /14/],
  risk: ["risk", "Mallory Archer"],
  "sign-ins": ["sign-ins mallory@example.com", "Payroll"],
  changes: ["changes", /audit log/i],
  timeline: ["timeline mallory@example.com", "Mallory Archer was denied"],
  requests: ["requests", /Open requests|No open requests/],
  watch: ["watch mallory@example.com 2h", "Watching Mallory Archer"],
  unwatch: ["unwatch quentin@example.com", "is not being watched"],
  cancel: ["cancel", "You have no request to cancel"],
  audit: ["audit", /./],
  doctor: ["doctor", "What was checked"],
  incident: ["incident list", "No incident is open."],
};

/** Bob is an approver. */
const SWITCHES: Record<string, [typed: string, shows: string | RegExp]> = {
  pause: ["pause --reason a drill", "Nothing is carried out."],
  resume: ["resume", "Approved requests are checked again and carried out."],
  authenticator: ["authenticator", "You have no confirmed authenticator."],
};

const FORMS: Record<string, [typed: string, title: string]> = {
  revoke: ["revoke mallory@example.com", "Revoke sessions"],
  block: ["block mallory@example.com", "Block"],
  unblock: ["unblock mallory@example.com", "Unblock"],
  "revoke-devices": ["revoke-devices devon@example.com", "Revoke devices"],
  "delete-devices": ["delete-devices devon@example.com", "Delete devices"],
  "restore-devices": ["restore-devices devon@example.com", "Restore devices"],
  "reset-risk": ["reset-risk mallory@example.com", "Reset risk score"],
  "create-user": ["create-user", "Create a user"],
  "rename-user": ["rename-user alice@example.com", "Rename a user"],
  "delete-user": ["delete-user mallory@example.com", "Delete a user"],
};

describeInBrowser("the sandbox's page", { timeout: 120_000 }, () => {
  let browser: Browser;
  let sandbox: Awaited<ReturnType<typeof startSandbox>>;
  let page: Page;
  beforeAll(async () => {
    [browser, sandbox] = await Promise.all([launchBrowser(), startSandbox()]);
    page = await browser.newPage();
    await page.goto(sandbox.url);
  });
  afterAll(async () => {
    await browser.close();
    await sandbox.stop();
  });

  async function say(text: string, channel: string): Promise<void> {
    await page.getByRole("textbox", { name: `Message #${channel}` }).fill(text);
    await page.keyboard.press("Enter");
  }

  function newest(): Locator {
    // A picture of sign-ins comes whenever it is drawn, also after the next answer.
    return page
      .getByRole("article")
      .filter({ hasNotText: /As of (?:Today|Yesterday)/ })
      .last();
  }

  it("shows the answer of every look-up", async () => {
    await beAt(page, "Alice Moreau", "security");
    for (const [typed, shows] of Object.values(LOOK_UPS)) {
      await say(`/zt ${typed}`, "security");
      await newest().getByText(shows).first().waitFor();
    }
  });

  it("pauses and goes on, and the approvals channel is told", async () => {
    await beAt(page, "Bob Okafor", "security");
    for (const [typed, shows] of Object.values(SWITCHES)) {
      await say(`/zt ${typed}`, "security");
      await newest().getByText(shows).first().waitFor();
    }
    await beAt(page, "Bob Okafor", "zt-approvals");
    await page.getByText("zt-bot is paused").first().waitFor();
    await newest().getByText("zt-bot resumed").first().waitFor();
    await beAt(page, "Alice Moreau", "security");
  });

  it("turns the pages of a list in place", async () => {
    await say("/zt users", "security");
    await newest().getByText("1–10 of 200").waitFor();
    const messages = await page.getByRole("article").count();
    await newest().getByRole("button", { name: "Next" }).click();
    await newest().getByText("11–20 of 200").waitFor();
    expect(await page.getByRole("article").count()).toBe(messages);
  });

  it("opens the form of every change", async () => {
    for (const [typed, title] of Object.values(FORMS)) {
      await say(`/zt ${typed}`, "security");
      const form = page.getByRole("dialog", { name: title });
      await form.getByRole("textbox", { name: "Reason" }).waitFor();
      await form.getByRole("button", { name: "Back" }).click();
      await form.waitFor({ state: "detached" });
    }
  });

  it("has an answer or a form for each of them", () => {
    const shown = new Set([...Object.keys(LOOK_UPS), ...Object.keys(SWITCHES), ...Object.keys(FORMS)]);
    const others = createCommands().all.filter((command) => !shown.has(command.name));
    expect(others.map((command) => command.name)).toEqual([]);
  });

  it("searches Access users as one types, and asks for whoever is picked", async () => {
    await say("/zt revoke", "security");
    const form = page.getByRole("dialog", { name: "Revoke sessions" });
    await form.getByRole("combobox", { name: /^Who/ }).fill("frank");
    await form.getByRole("option", { name: /frank@example\.com/ }).click();
    await form.getByRole("textbox", { name: "Reason" }).fill("password spray");
    await form.getByRole("button", { name: "Request approval" }).click();
    await page.getByText("Requested: Revoke all sessions of frank@example.com").waitFor();
    await page.getByRole("button", { name: "Done" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
  });

  it("offers to undo a revocation of devices, with these devices ticked", async () => {
    await say("/zt revoke-devices mallory@example.com --all --reason laptop stolen", "security");
    await newest().getByText("Requested: Revoke 2 devices").waitFor();
    await beAt(page, "Bob Okafor", "zt-approvals");
    const card = page.getByRole("article").filter({ hasText: "Revoke 2 devices of mallory@example.com" });
    await card.getByRole("button", { name: "Approve" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Approve" }).click();
    await card.getByText("verified at").waitFor();
    await card.getByRole("button", { name: /replies/ }).click();
    await page
      .getByRole("log", { name: /^Thread/ })
      .getByRole("button", { name: "Undo…" })
      .click();
    const form = page.getByRole("dialog", { name: "Restore devices" });
    await form.getByRole("checkbox", { name: /MacBook/ }).waitFor();
    expect(await form.getByRole("checkbox", { name: /MacBook/ }).isChecked()).toBe(true);
    await form.getByRole("button", { name: "Back" }).click();
    await form.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Close thread" }).click();
  });

  it("lets two approve for a protected person, and shows who did", async () => {
    await beAt(page, "Alice Moreau", "security");
    await say("/zt revoke erin@example.com --reason phished", "security");
    await newest().getByText("Requested: Revoke all sessions of erin@example.com").waitFor();
    const card = page.getByRole("article").filter({ hasText: "Revoke all sessions of erin@example.com" });
    await beAt(page, "Bob Okafor", "zt-approvals");
    await card.getByText("Protected by the policy").waitFor();
    for (const [name, shows] of [
      ["Bob Okafor", "Needs 1 more approval"],
      ["Carol Lindqvist", "verified at"],
    ] as const) {
      await beAt(page, name, "zt-approvals");
      await card.getByRole("button", { name: "Approve" }).click();
      await page.getByRole("alertdialog").getByRole("button", { name: "Approve" }).click();
      await card.getByText(shows).first().waitFor();
    }
    await beAt(page, "Alice Moreau", "incident-7");
  });

  it("answers a mention in its thread, and investigates a message from its menu", async () => {
    await beAt(page, "Alice Moreau", "incident-7");
    await say("odd log-ins by mallory@example.com tonight", "incident-7");
    await newest().hover();
    await newest().getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: "Investigate Zero Trust" }).click();
    await page
      .getByRole("article")
      .filter({ hasText: "Mallory Archer" })
      .getByText("3 active sessions")
      .waitFor();

    await say("@zt-bot risk mallory@example.com", "incident-7");
    const asked = page.getByRole("article").filter({ hasText: "risk mallory@example.com" });
    await asked.getByRole("button", { name: /repl/ }).click();
    await page
      .getByRole("log", { name: /^Thread/ })
      .getByText("Impossible travel")
      .first()
      .waitFor();
  });
});
