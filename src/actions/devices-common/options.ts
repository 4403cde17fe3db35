import { z } from "zod";

/** A registration as it was when it was chosen: the id is what counts, the name is for people. */
export const ChosenRegistration = z.strictObject({ id: z.string(), deviceName: z.string() });
export type ChosenRegistration = z.infer<typeof ChosenRegistration>;

export type DeviceAction = "revoke-devices" | "restore-devices" | "delete-devices";

export interface DeviceOptions {
  registrations: ChosenRegistration[];
}

/** `"all"`: of those there are. */
export interface DeviceWish<Name extends DeviceAction> {
  action: Name;
  registrationIds: readonly string[] | "all";
  /** The device as a thing, for everyone who uses it. */
  wholeDevice?: boolean;
}
