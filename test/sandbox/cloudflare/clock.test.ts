import { expect, it, onTestFinished } from "vitest";

import { startCloudflare } from "../../../sandbox/cloudflare/index.ts";
import { ACCOUNT, createTestClient, TOKEN } from "../../api/support.ts";

const HOUR = 3_600_000;

it("a bot whose clock is an hour fast knows Cloudflare's time from its answers", async () => {
  const emulator = await startCloudflare({ accountId: ACCOUNT, tokens: [{ token: TOKEN }] });
  onTestFinished(() => emulator.close());
  const now = () => Date.now() + HOUR;
  const client = createTestClient({ baseUrl: emulator.baseUrl, now });
  const [user] = (await client.accessUsers.list()).items;
  const sentAt = now();
  const session = emulator.login(user?.email ?? "");
  // By its own clock the sign-in that came after would be an hour older than the call.
  expect(session.issuedAt).toBeLessThan(sentAt);
  expect(Math.abs(client.serverTime(sentAt) - session.issuedAt)).toBeLessThan(2000);
});
