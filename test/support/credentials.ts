/** Credentials of every kind that hardly anything else looks like. Put together here, so that no scanner finds them. */
const letters = (count: number, from = "aB3dE6gH9j") =>
  from.repeat(Math.ceil(count / from.length)).slice(0, count);
const hex = (count: number) => letters(count, "0f1e2d3c4b5a");

const KEY_BODY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7";

/** What it is, what is written, and what is said to be masked. */
export const CREDENTIALS: readonly (readonly [what: string, secret: string, name: string])[] = [
  ["a bot token of Slack", `xoxb-${letters(12, "1234567890")}-${letters(24)}`, "Slack token"],
  ["an app token of Slack", `xapp-1-A${letters(10, "0123456789")}-${hex(64)}`, "Slack token"],
  ["a rotated token of Slack", `xoxe.xoxp-1-${letters(60)}`, "Slack token"],
  [
    "a webhook of Slack",
    `https://hooks.slack.com/services/T0${hex(8)}/B0${hex(8)}/${letters(24)}`,
    "Slack webhook",
  ],
  ["a user token of Cloudflare", `cfut_${letters(40)}${hex(8)}`, "Cloudflare token"],
  ["an account token of Cloudflare", `cfat_${letters(40)}${hex(8)}`, "Cloudflare token"],
  ["a global key of Cloudflare", `cfk_${letters(40)}${hex(8)}`, "Cloudflare token"],
  ["a token of Cloudflare from before", letters(40, "aB3dE6gH-_9j"), "Cloudflare token"],
  ["a global key of Cloudflare from before", hex(37), "Cloudflare API key"],
  ["an origin CA key of Cloudflare", `v1.0-${hex(24)}-${hex(146)}`, "Cloudflare origin CA key"],
  ["a tunnel token of Cloudflare", `eyJhIjoi${letters(160)}`, "Cloudflare tunnel token"],
  ["a private key", `-----BEGIN PRIVATE KEY-----\n${KEY_BODY}\n-----END PRIVATE KEY-----`, "private key"],
  [
    "an OpenSSH key on one line",
    `-----BEGIN OPENSSH PRIVATE KEY----- ${KEY_BODY} -----END OPENSSH PRIVATE KEY-----`,
    "private key",
  ],
  [
    "a key that a phone wrote",
    `——-BEGIN RSA PRIVATE KEY——- ${KEY_BODY} ——-END RSA PRIVATE KEY——-`,
    "private key",
  ],
  ["a key without its end", `-----BEGIN EC PRIVATE KEY-----\n${KEY_BODY}`, "private key"],
  ["an access key of AWS", `AKIA${letters(16, "ABCDEFGH234567")}`, "AWS access key"],
  ["a token of GitHub", `ghp_${letters(36)}`, "GitHub token"],
  ["a fine-grained token of GitHub", `github_pat_${letters(22)}_${letters(59)}`, "GitHub token"],
  ["a JWT", `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.${letters(43)}`, "JSON Web Token"],
  ["a JWT without a signature", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.", "JSON Web Token"],
];
