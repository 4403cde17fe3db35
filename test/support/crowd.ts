import type { CloudflareEmulator } from "../../sandbox/cloudflare/index.ts";
import { callsTo } from "./harness.ts";

/** Somebody of a crowd: `user-007@crowd.example.com`. */
export function crowdEmail(index: number): string {
  return `user-${String(index + 1).padStart(3, "0")}@crowd.example.com`;
}

/** Lets so many new people log in, an hour ago, with a session each. */
export function addCrowd(cloudflare: CloudflareEmulator, count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const email = crowdEmail(index);
    cloudflare.login(email, { at: cloudflare.now() - 3_600_000 });
    return email;
  });
}

/** The addresses of the revoke calls that reached Cloudflare, in order. */
export function revokedEmails(cloudflare: CloudflareEmulator): string[] {
  return callsTo(cloudflare, "POST", "revoke_user").map(({ body }) =>
    String((body as { email?: unknown }).email),
  );
}

/** Whose sessions are still open. */
export function stillIn(cloudflare: CloudflareEmulator, emails: readonly string[]): string[] {
  const { sessions, users } = cloudflare.state;
  const open = new Set(sessions.filter((one) => one.revokedAt === null).map((one) => one.userId));
  const ids = new Map(users.map((user) => [user.email, user.id]));
  return emails.filter((email) => open.has(ids.get(email) ?? ""));
}
