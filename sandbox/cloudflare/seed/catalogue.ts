/** Apps, identity providers, posture rules and places that the seeded account has. */
import type { Faker } from "@faker-js/faker";
import type { App, IdentityProvider } from "../world.ts";

const APPS: readonly (readonly [name: string, type: string])[] = [
  ["Grafana", "self_hosted"],
  ["GitLab", "self_hosted"],
  ["Jira", "saas"],
  ["Payroll", "self_hosted"],
  ["Admin panel", "self_hosted"],
  ["Confluence", "saas"],
  ["Kibana", "self_hosted"],
  ["Vault", "self_hosted"],
  ["Argo CD", "self_hosted"],
  ["Metabase", "self_hosted"],
  ["Sentry", "self_hosted"],
  ["Wiki", "self_hosted"],
  ["Bastion SSH", "ssh"],
  ["Build artifacts", "bookmark"],
];

const IDPS: readonly (readonly [type: string, name: string])[] = [
  ["azureAD", "Entra ID"],
  ["google-apps", "Google Workspace"],
  ["github", "GitHub"],
  ["onetimepin", "One-time PIN"],
];

export const POSTURE_RULES = [
  ["disk_encryption", "Disk encryption on"],
  ["firewall", "Firewall on"],
  ["os_version", "Supported OS version"],
  ["application", "Antivirus running"],
  ["serial_number", "Company device"],
] as const;

export type PostureRuleName = (typeof POSTURE_RULES)[number][1];

export const COUNTRIES = ["GB", "DE", "US", "FR", "PL", "PT", "IE", "NL"] as const;
export const GROUPS = [
  "Engineering",
  "Finance",
  "Sales",
  "Support",
  "People",
  "Security",
  "Design",
  "Legal",
] as const;
export const CLIENT_VERSIONS = ["2024.12.554.0", "2025.1.861.0", "2025.2.600.0"] as const;
export const DEVICE_KINDS = [
  "MacBook Pro",
  "MacBook Air",
  "ThinkPad X1",
  "Surface Laptop",
  "iPhone",
  "Pixel",
] as const;

export function makeApps(faker: Faker): App[] {
  return APPS.map(([name, type]) => ({
    uid: faker.string.uuid(),
    name,
    hostname: `${name.toLowerCase().replaceAll(" ", "-")}.example.com`,
    type,
    aud: faker.string.hexadecimal({ length: 64, casing: "lower", prefix: "" }),
  }));
}

export function makeIdps(faker: Faker): IdentityProvider[] {
  return IDPS.map(([type, name]) => ({ id: faker.string.uuid(), type, name }));
}
