import { escape } from "./text.ts";

/** `🇬🇧 GB`: the flag of two letters, and what Cloudflare said in any case. */
export function countryText(country: string): string {
  return `${flagOf(country)}${escape(country, 20)}`;
}

/** A country's flag from its two letters; nothing for anything else. */
function flagOf(country: string): string {
  if (!/^[A-Z]{2}$/.test(country)) return "";
  return `${String.fromCodePoint(...country.split("").map((letter) => 0x1f1e6 + letter.charCodeAt(0) - 65))} `;
}
