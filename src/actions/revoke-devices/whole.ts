import { z } from "zod";

import type { Cloudflare, Registration } from "../../api/cloudflare.ts";
import { UserError } from "../../errors.ts";
import { takeUpTo } from "../../lookup/take.ts";
import { Target } from "../../requests/target.ts";
import type { TargetCheck } from "../define.ts";

/** A device as a thing, with everyone else who is registered on it: their registrations go as well. */
export const WholeDevice = z.strictObject({
  id: z.string(),
  name: z.string(),
  others: z.array(Target),
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
  const others = (await readActive(cloudflare, id)).flatMap((one) => otherUser(one, target));
  return {
    id,
    name: chosen[0]?.deviceName ?? "unnamed device",
    others: [...new Map(others.map((one) => [one.id, one])).values()],
  };
}

/** Someone else's registration. @throws UserError where no one can say whose: they may be protected, or the approver */
function otherUser({ userId, userEmail, userName }: Registration, target: Target): Target[] {
  if (userId === target.id) return [];
  if (userId !== null && userEmail !== null && userEmail !== "")
    return [{ id: userId, email: userEmail, name: userName ?? "" }];
  throw new UserError({
    what: "Cloudflare does not say who else uses that device.",
    next: "Revoke only the registration of the person it is about: leave out --whole-device.",
  });
}

/** Just before the call: who joined the device since was neither approved nor looked at. */
export async function checkUsers(
  cloudflare: Cloudflare,
  { id, others }: WholeDevice,
  target: Target,
): Promise<TargetCheck> {
  const known = new Set([target.id, ...others.map((one) => one.id)]);
  const joined = (await readActive(cloudflare, id)).find(
    ({ userId }) => userId === null || !known.has(userId),
  );
  if (joined === undefined) return { ok: true };
  return {
    ok: false,
    why: `${joined.userEmail ?? "Someone else"} uses the device as well since this was requested`,
    next: "Request it again, so that approvers decide on everyone who uses it.",
  };
}

/** Everyone's active registrations on a device. */
export async function readActive(cloudflare: Cloudflare, deviceId: string): Promise<Registration[]> {
  const query = { deviceIds: [deviceId], status: "active" as const };
  const { items } = await takeUpTo(Number.POSITIVE_INFINITY, cloudflare.devices.iterateRegistrations(query));
  return items;
}
