/**
 * The scopes of the Slack app, each with what does not work without it. A test holds them against manifest.yml, which a
 * built bot does not have beside it.
 */
export const SCOPES: Readonly<Record<string, string>> = {
  commands: "/zt and the shortcuts",
  "app_mentions:read": "@zt-bot in a message",
  "chat:write": "cards, threads and direct messages",
  "users:read": "approvals: who clicks is unknown",
  "users:read.email": "approvals: whether the target clicks is unknown",
  "usergroups:read": "user groups in policy.yml",
  "channels:read": "requests, with a public approvals channel",
  "groups:read": "requests, with a private approvals channel",
  "files:write": "pictures of sign-ins",
  "files:read": "pictures of sign-ins",
  "im:write": "direct messages",
  "channels:history": "finding a message again after a crash, and notes by 📌",
  "groups:history": "the same in a private channel",
  "im:history": "finding a direct message again after a crash",
  "reactions:read": "notes by 📌",
};
