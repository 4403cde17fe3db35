import type { Attack } from "./attack.ts";
import { door } from "./door.ts";
import { recordAttacks } from "./record.ts";
import { rowAttacks } from "./rows.ts";
import { settingAttacks } from "./settings.ts";
import { payloads } from "./signed.ts";
import { stepUpAttacks } from "./step-up.ts";
import { storageAttacks } from "./storage.ts";
import { textAttacks } from "./texts.ts";

/** Every attack there is, in the order in which they are listed. */
export const ATTACKS: readonly Attack[] = [
  ...door,
  ...payloads,
  ...textAttacks,
  ...settingAttacks,
  ...stepUpAttacks,
  ...storageAttacks,
  ...recordAttacks,
  ...rowAttacks,
];
