import { randomBytes, randomInt } from "node:crypto";

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/** An id of Slack's look: the prefix and ten capital letters or digits. */
export function newId(prefix: string): string {
  return prefix + Array.from({ length: 10 }, () => letters[randomInt(letters.length)]).join("");
}

/** A short id such as Slack gives to blocks and controls that came without one. */
export function newShortId(): string {
  return randomBytes(5).toString("base64url").slice(0, 5);
}

export function newSecret(): string {
  return randomBytes(16).toString("hex");
}

/** Microseconds since 1970 as a message timestamp: `1700000000.000100`. */
export function toTs(micros: number): string {
  const seconds = Math.floor(micros / 1e6);
  return `${seconds}.${String(micros - seconds * 1e6).padStart(6, "0")}`;
}
