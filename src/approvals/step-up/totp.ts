import { Secret, TOTP } from "otpauth";

/** RFC 6238 as every authenticator app has it: SHA-1, six digits, 30 seconds. */
const KIND = { algorithm: "SHA1", digits: 6, period: 30 } as const;

/** Clocks of phones differ: the code before and the code after count as well. */
const DRIFT_STEPS = 1;

/** A new secret of 160 random bits, as the RFC 4226 recommends, in base32. */
export function newSecret(): string {
  return new Secret({ size: 20 }).base32;
}

/** What an authenticator app reads: `otpauth://totp/…`. `label`: whose it is. */
export function otpauthUri(secret: string, label: string): string {
  return totp(secret, label).toString();
}

/**
 * Which time step a code belongs to, now or one step away; null: it is wrong. Compared in constant time by the
 * library. `now`: epoch milliseconds.
 */
export function stepOfCode(secret: string, code: string, now: number): number | null {
  // The library throws for what is six characters and no digits.
  if (!/^[0-9]{6}$/.test(code)) return null;
  const delta = totp(secret).validate({ token: code, timestamp: now, window: DRIFT_STEPS });
  return delta === null ? null : Math.floor(now / (KIND.period * 1000)) + delta;
}

function totp(secret: string, label = "zt-bot"): TOTP {
  return new TOTP({ ...KIND, issuer: "zt-bot", label, secret: Secret.fromBase32(secret) });
}
