import { createHmac } from "node:crypto";

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The code of a base32 secret at a time (epoch milliseconds), by RFC 6238: written apart from what the bot uses. */
export function codeAt(secret: string, at: number): string {
  const bits = secret
    .split("")
    .map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, "0"))
    .join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const mac = createHmac("sha1", key).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(offset) & 0x7f_ff_ff_ff) % 1_000_000).padStart(6, "0");
}

/** A code that is none of those that could be taken at this time. */
export function wrongCodeAt(secret: string, at: number): string {
  const near = [-60_000, -30_000, 0, 30_000, 60_000].map((ms) => codeAt(secret, at + ms));
  for (let code = 0; ; code += 1) {
    const text = String(code).padStart(6, "0");
    if (!near.includes(text)) return text;
  }
}
