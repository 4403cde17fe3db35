/** Where each fix is made. Files are of this project. */
export const LINKS = {
  slackApps: "https://api.slack.com/apps",
  slackStatus: "https://slack-status.com",
  // Deep links that ask which account: https://developers.cloudflare.com/fundamentals/reference/dashboard-deep-links
  accountTokens: "https://dash.cloudflare.com/?to=/:account/api-tokens",
  userTokens: "https://dash.cloudflare.com/profile/api-tokens",
  accountId: "https://developers.cloudflare.com/fundamentals/account/find-account-and-zone-ids/",
  zeroTrust: "https://one.dash.cloudflare.com/",
  cloudflareStatus: "https://www.cloudflarestatus.com",
  nodeDownload: "https://nodejs.org/en/download",
  install: "README.md#install-it-in-your-workspace",
  settings: "README.md#settings",
  policy: "policy.example.yml",
  doctor: "docs/runbook.md#what-the-doctor-names",
  roles: "docs/runbook.md#postgresql-two-roles",
  upgrade: "docs/runbook.md#restart-upgrade-stop",
  data: "docs/runbook.md#data",
  record: "docs/runbook.md#the-record",
} as const;
