import { expect, test } from "vitest";

import type { Message } from "../../../src/views/blocks.ts";
import { changesMessage } from "../../../src/views/look-ups/changes.ts";
import { failedSignInsMessage } from "../../../src/views/look-ups/failed-sign-ins.ts";
import { signInsMessage } from "../../../src/views/look-ups/sign-ins.ts";
import { describeInBrowser } from "../../support/chromium.ts";
import { makeFailure, makeUser, NOW } from "../../views/support.ts";
import { phone, usePages } from "./open-page.ts";

const user = makeUser();
const RAY = "187d944c61940c77";

/** Words as long as they come: an IPv6 address, a path, an id. */
const REQUEST = {
  action: "login",
  allowed: false,
  appDomain: "payroll.internal.example.com/reports/monthly",
  appUid: "df7e2w5f-02b7-4d9d-af26-8d1988fca630",
  at: NOW,
  email: user.email,
  ip: "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
  rayId: RAY,
  connection: null,
};
const EVENT = {
  id: "1",
  at: NOW,
  action: "delete",
  description: "Delete Access user and everything that belongs to it",
  succeeded: false,
  tokenId: "token-1",
  rayId: RAY,
  method: "DELETE",
  status: 403,
  resource: { id: user.id, product: "access", type: "users" },
};

const TABLES: [string, string, Message][] = [
  ["sign-ins", "⛔ denied", signInsMessage(user, { items: [REQUEST], complete: true, days: 1, now: NOW })],
  [
    "failed sign-ins",
    "Payroll and expenses of the whole company",
    failedSignInsMessage(
      user,
      [makeFailure({ appName: "Payroll and expenses of the whole company", rayId: RAY })],
      { now: NOW },
    ),
  ],
  ["changes", "❌ failed", changesMessage({ items: [EVENT], complete: true, tokenId: "token-1", now: NOW })],
];

describeInBrowser("on a phone", () => {
  const open = usePages();

  test.each(TABLES)(
    "the table of %s needs no scrolling sideways, and begins with what decides",
    async (_what, first, message) => {
      const { page, sandbox } = await open(phone);
      await sandbox.post(message.blocks, { text: message.text });
      const table = page.getByRole("article").last().getByRole("table");
      await table.waitFor();
      const { width = 0 } = (await table.boundingBox()) ?? {};
      expect(width).toBeGreaterThan(0);
      expect(width).toBeLessThanOrEqual(360);
      const frame = table.locator("..");
      const hidden = ({ scrollWidth, clientWidth }: { scrollWidth: number; clientWidth: number }) =>
        scrollWidth - clientWidth;
      expect(await frame.evaluate(hidden)).toBe(0);
      expect(await table.getByRole("cell").first().innerText()).toContain(first);
    },
  );
});
