/**
 * Credentials in what people type. The record can't be changed and cards are read by many, so that what looks like a
 * credential is masked where text comes in, before anything is stored, recorded, logged or posted. Only shapes that
 * hardly anything else has: a hash or an id that an incident is about has to stay readable.
 */

interface Shape {
  /** What a person calls it. */
  name: string;
  pattern: RegExp;
}

const SHAPES: readonly Shape[] = [
  {
    // RFC 7468, and PGP's; phones make long dashes of several hyphens. Without an end, all that follows is the key.
    name: "private key",
    pattern:
      /[-–—]{2,}\s*BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?\s*[-–—]{2,}(?:[\s\S]*?[-–—]{2,}\s*END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?\s*[-–—]{2,}|[\s\S]*)/g,
  },
  {
    // https://docs.slack.dev/authentication/tokens
    name: "Slack token",
    pattern: /\b(?:xox[a-z]|xapp|xwfp)(?:\.xox[a-z])?-[\w-]{8,}/gi,
  },
  {
    // https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
    name: "Slack webhook",
    pattern: /https:\/\/hooks\.slack(?:-gov)?\.com\/[\w/+-]{20,}/gi,
  },
  {
    // https://developers.cloudflare.com/fundamentals/api/get-started/token-formats/
    name: "Cloudflare token",
    pattern: /\bcf[a-z]{1,3}_[A-Za-z0-9_-]{40,}/g,
  },
  {
    // What cloudflared runs a tunnel with: JSON in base64, which a JWT's dots do not follow.
    name: "Cloudflare tunnel token",
    pattern: /\beyJ[\w+/=-]{100,}(?![\w.])/g,
  },
  {
    // https://developers.cloudflare.com/fundamentals/api/get-started/ca-keys/
    name: "Cloudflare origin CA key",
    pattern: /\bv1\.0-[0-9a-f]{24}-[0-9a-f]{100,}/g,
  },
  {
    // https://developers.cloudflare.com/cloudflare-one/access-controls/service-credentials/service-tokens/: a file's
    // SHA-256 looks alike, and is one unless the words before it say otherwise.
    name: "Cloudflare service token",
    pattern: /(?<=(?:secret|service[ -]token|\.access)\b[^\n]{0,40})\b[0-9a-f]{64}\b/gi,
  },
  {
    // https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github
    name: "GitHub token",
    pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,})/g,
  },
  {
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html: a secret has no shape of its own.
    name: "AWS secret",
    pattern:
      /(?<=(?:\b(?:AKIA|ASIA)[A-Z0-9]{16}|aws|secret)[^\n]{0,60})(?<![\w/+=-])(?![0-9a-f]{40})[A-Za-z0-9/+]{40}(?![\w/+=-])/gi,
  },
  { name: "AWS access key", pattern: /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b/g },
  {
    // RFC 7519 and 7516; what Access sets as CF_Authorization is one.
    name: "JSON Web Token",
    pattern: /\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*){1,3}/g,
  },
  // RFC 6750
  { name: "bearer token", pattern: /(?<=\bBearer\s+)[\w.~+/=-]{20,}/gi },
  // RFC 3986, 3.2.1
  { name: "password in a URL", pattern: /(?<=\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:@/]*:)[^\s@/]+(?=@)/gi },
  {
    // Cloudflare's tokens from before 2026: 40 characters, which a name in words of that length is not.
    name: "Cloudflare token",
    pattern: /(?<![\w@./+-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])(?=[\w-]*\d)[\w-]{40}(?![\w@-]|\.\w)/g,
  },
  {
    // Its global keys from before 2026: 37 to 45 hexadecimal digits; 40 of them are a commit's or a file's SHA-1.
    name: "Cloudflare API key",
    pattern: /(?<![\w@./+-])(?:[0-9a-f]{37,39}|[0-9a-f]{41,45})(?![\w@-]|\.\w)/g,
  },
];

/** The text with a word in place of each credential, and what was found, each kind once. */
export function maskSecrets(text: string): { text: string; found: string[] } {
  const found = new Set<string>();
  const masked = SHAPES.reduce(
    (rest, { name, pattern }) =>
      rest.replaceAll(pattern, () => {
        found.add(name);
        return `[${name} masked]`;
      }),
    text,
  );
  return { text: masked, found: [...found] };
}
