import { z } from "zod";

import type { Cloudflare, Registration } from "../../api/cloudflare.ts";
import { UserError } from "../../errors.ts";
import { takeUpTo } from "../../lookup/take.ts";
import type { Target } from "../../requests/target.ts";

/** A device as a thing, with everyone else who is registered on it: their registrations go as well. */
export const WholeDevice = z.strictObject({
  id: z.string(),
  name: z.string(),
  /** Email addresses, else ids. */
  others: z.array(z.string()),
});
export type WholeDevice = z.infer<typeof WholeDevice>;

/** The one device that these registrations are on. @throws UserError where they are on several, or it is unknown */
export async function freezeWhole(
  cloudflare: Cloudflare,
  target: Target,
  chosen: readonly Registration[],
): Promise<WholeDevice> {
  const ids = [...new Set(chosen.map(({ deviceId }) => deviceId))];
  const [id] = ids;
  if (ids.length !== 1 || id === undefined || id === null) {
    throw new UserError({
      what:
        id === null ? "Cloudflare does not say which device that is." : "A whole device is revoked alone.",
      next: "Choose one device, or leave the box for the whole device empty.",
    });
  }
  const others = (await readActive(cloudflare, id)).filter(({ userId }) => userId !== target.id);
  return {
    id,
    name: chosen[0]?.deviceName ?? "unnamed device",
    others: [...new Set(others.map(({ userEmail, userId }) => userEmail ?? userId ?? "someone unknown"))],
  };
}

/** Everyone's active registrations on a device. */
export async function readActive(cloudflare: Cloudflare, deviceId: string): Promise<Registration[]> {
  const query = { deviceIds: [deviceId], status: "active" as const };
  const { items } = await takeUpTo(Number.POSITIVE_INFINITY, cloudflare.devices.iterateRegistrations(query));
  return items;
}
