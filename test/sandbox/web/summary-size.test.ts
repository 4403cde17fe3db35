import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openPicture } from "../../../sandbox/web/picture.ts";
import type { UserSummary } from "../../../src/lookup/summary.ts";
import type { Message } from "../../../src/views/blocks.ts";
import { devicesMessage } from "../../../src/views/look-ups/devices.ts";
import { riskMessage } from "../../../src/views/look-ups/risk.ts";
import { sessionsMessage } from "../../../src/views/look-ups/sessions.ts";
import { userSummary } from "../../../src/views/look-ups/user-summary.ts";
import { describeInBrowser, launchBrowser } from "../../support/chromium.ts";
import {
  ACCOUNT,
  HOUR,
  makeIdentity,
  makeRegistration,
  makeSession,
  makeSummary,
  makeUser,
  MINUTE,
  NOW,
  SUMMARIES,
  USER_ID,
} from "../../views/support.ts";

/** A phone of the usual width, and what its screen shows of a message. */
const PHONE = { width: 390, height: 700 };
const MAX_TABLE = 360;

const app = (name: string) => ({ uid: name, name, hostname: null, type: null });
const check = (type: string, name: string, success: boolean) => ({
  id: name,
  type,
  name,
  success,
  error: null,
  checkedAt: NOW,
});

const TAKEOVER = makeSummary({
  identity: {
    ok: true,
    value: makeIdentity({
      country: "BR",
      ip: "203.0.113.199",
      posture: [
        check("disk_encryption", "Disk encryption on", false),
        check("application", "Antivirus running", false),
        check("firewall", "Firewall on", true),
      ],
    }),
  },
  sessions: {
    ok: true,
    value: [
      makeSession({ nonce: "a", issuedAt: NOW - 9 * HOUR, apps: ["Grafana", "GitLab"].map(app) }),
      makeSession({ nonce: "b", issuedAt: NOW - 60 * HOUR, apps: [app("Jira")] }),
      makeSession({ nonce: "c", issuedAt: NOW - 40 * MINUTE, apps: ["Payroll", "Admin panel"].map(app) }),
    ],
  },
  places: {
    ok: true,
    value: {
      seen: [
        { nonce: "a", country: "GB", ip: "192.0.2.44" },
        { nonce: "b", country: "GB", ip: "192.0.2.44" },
        { nonce: "c", country: "BR", ip: "203.0.113.199" },
      ],
      unread: 0,
    },
  },
  signIns: {
    ok: true,
    value: {
      allowed: 4,
      denied: 17,
      allowedAfterDenials: {
        denied: 17,
        allowed: 2,
        ip: "203.0.113.199",
        apps: ["Payroll", "Admin panel"],
        at: NOW - 40 * MINUTE,
      },
    },
  },
  risk: {
    ok: true,
    value: {
      userId: USER_ID,
      email: "mallory@example.com",
      name: "Mallory Quill",
      level: "high",
      rawLevel: "high",
      lastResetAt: null,
      events: [
        {
          id: "1",
          name: "Impossible travel",
          level: "high",
          at: NOW - 40 * MINUTE,
          details: JSON.stringify({
            from: { country: "GB", ip: "192.0.2.44" },
            to: { country: "BR", ip: "203.0.113.199" },
            minutes: 320,
          }),
        },
        { id: "2", name: "DLP", level: "medium", at: NOW - HOUR, details: JSON.stringify({ count: 14 }) },
      ],
    },
  },
});

const USERS: Record<string, UserSummary> = {
  "a likely takeover": TAKEOVER,
  "nothing wrong": {
    ...TAKEOVER,
    identity: { ok: true, value: makeIdentity({ posture: [check("firewall", "Firewall on", true)] }) },
    sessions: { ok: true, value: [makeSession({ nonce: "a" })] },
    places: { ok: true, value: { seen: [{ nonce: "a", country: "GB", ip: "192.0.2.44" }], unread: 0 } },
    signIns: { ok: true, value: { allowed: 3, denied: 0, allowedAfterDenials: null } },
    risk: (SUMMARIES["empty"] ?? TAKEOVER).risk,
  },
  "names that are hostile and long": SUMMARIES["hostile"] ?? TAKEOVER,
  "names of wide letters without a blank":
    SUMMARIES["endless, in a script of three bytes a letter"] ?? TAKEOVER,
};

interface Drawn {
  /** From the name to the end of the sessions and the buttons, CSS pixels. */
  needed: number;
  /** The width of each table. */
  tables: number[];
  isClipped: boolean;
  /** How far the page can be scrolled sideways. */
  sideways: number;
}

/** Runs in the page. */
const MEASURE = `(() => {
  const top = document.querySelector(".picture .block")?.getBoundingClientRect().top ?? 0;
  const needed = [...document.querySelectorAll(".picture .table-frame, .picture .actions")]
    .filter((one) => one.closest("details") === null)
    .map((one) => one.getBoundingClientRect().bottom - top);
  const tables = [...document.querySelectorAll(".picture table")];
  return {
    needed: Math.max(0, ...needed),
    tables: tables.map((table) => table.scrollWidth),
    isClipped: tables.some((table) => table.scrollWidth > (table.parentElement?.clientWidth ?? 0)),
    sideways: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  };
})()`;

/** Draws a message on a phone. With PICTURES=<folder> it is kept there, to be looked at. */
async function draw(browser: Browser, name: string, { blocks }: Message): Promise<Drawn> {
  const { page, close } = await openPicture(browser, blocks, {
    width: PHONE.width,
    ephemeral: true,
    now: NOW,
  });
  try {
    const folder = process.env["PICTURES"];
    if (folder !== undefined)
      writeFileSync(
        join(folder, `${name.replaceAll(" ", "-")}.png`),
        await page.locator(".picture").screenshot(),
      );
    return await page.evaluate<Drawn>(MEASURE);
  } finally {
    await close();
  }
}

describeInBrowser("on a phone", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  it.each(Object.entries(USERS))(
    "the summary of a user with %s has its verdict, buttons and sessions on one screen",
    async (name, summary) => {
      const drawn = await draw(browser, name, userSummary({ summary, accountId: ACCOUNT, now: NOW }));
      expect(drawn.needed).toBeGreaterThan(150);
      expect(drawn.needed).toBeLessThanOrEqual(PHONE.height);
      expect(drawn).toMatchObject({ sideways: 0, isClipped: false });
      expect(drawn.tables).toHaveLength(1);
      expect(Math.max(...drawn.tables)).toBeLessThanOrEqual(MAX_TABLE);
    },
  );

  it.each(Object.entries(USERS))("no table about a user with %s is clipped", async (name, summary) => {
    const { sessions, risk, user } = summary;
    if (!sessions.ok || !risk.ok) throw new Error("nothing to draw");
    const items = ["MacBook", user.name].map((deviceName) =>
      makeRegistration({ deviceName, revokedAt: deviceName === "MacBook" ? NOW - 60 * HOUR : null }),
    );
    const messages = {
      sessions: sessionsMessage(user, sessions.value, { now: NOW }),
      devices: devicesMessage(user, { items, isComplete: true }, { now: NOW }),
      risk: riskMessage({ user: makeUser(), riskUserId: USER_ID, risk: risk.value, now: NOW }),
    };
    for (const [view, message] of Object.entries(messages)) {
      const drawn = await draw(browser, `${view} of ${name}`, message);
      expect(drawn, view).toMatchObject({ sideways: 0, isClipped: false });
      expect(Math.max(0, ...drawn.tables), view).toBeLessThanOrEqual(MAX_TABLE);
    }
  });
});
