import type { AccessUser, Cloudflare } from "../api/cloudflare.ts";
import { getUser } from "./who.ts";

/**
 * The user behind a button, and what is read of them at the same time.
 * @throws UserError when there is no such user, also where the reading failed.
 */
export async function readWithUser<T>(
  cloudflare: Cloudflare,
  userId: string,
  read: (userId: string) => Promise<T>,
): Promise<[user: AccessUser, T]> {
  const reading = read(userId);
  // It may fail before it is awaited.
  reading.catch(() => {});
  return [await getUser(cloudflare, userId), await reading];
}
