import type { Identity } from "../../api/cloudflare.ts";
import type { FailedCheck } from "../../lookup/verdict.ts";
import { plural } from "../../pluralize.ts";
import { named } from "../text.ts";

type Checks = NonNullable<Identity["posture"]>;

/**
 * How a check of a type failed, by Cloudflare's names of the types (its API's device posture rules). A type that says
 * little by itself (a file, an application, a check of the customer's own) is told by the rule's name.
 */
const FAILURES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    disk_encryption: "Disk encryption: off",
    firewall: "Firewall: failed",
    os_version: "OS version: not allowed",
    serial_number: "Serial number: not on the list",
    unique_client_id: "Device id: not on the list",
    domain_joined: "Domain: not joined",
    client_certificate: "Client certificate: not valid",
    client_certificate_v2: "Client certificate: not valid",
    antivirus: "Antivirus: failed",
    gateway: "Gateway: not connected",
    warp: "WARP: not connected",
    sentinelone: "SentinelOne: not running",
    carbonblack: "Carbon Black: not running",
    sentinelone_s2s: "SentinelOne: failed",
    crowdstrike_s2s: "CrowdStrike: failed",
    tanium_s2s: "Tanium: failed",
    tanium: "Tanium: failed",
    intune: "Intune: not compliant",
    workspace_one: "Workspace ONE: not compliant",
    kolide: "Kolide: failed",
  }),
);

/** `Disk encryption: off`, plain text on one line. */
export function failedCheckText({ name, type }: FailedCheck): string {
  const known = type === null ? undefined : FAILURES.get(type.toLowerCase());
  return known ?? `${named(name, named(type, "Unnamed check", 40), 60)}: failed`;
}

/** The same for several, each said once. */
export function failedCheckTexts(checks: readonly FailedCheck[]): string[] {
  return [...new Set(checks.map(failedCheckText))];
}

/** `2 of 5 posture checks failed`, plain text. What has no result counts neither as passed nor as failed. */
export function postureCount(posture: Checks | null): string {
  if (posture === null) return "posture unknown";
  const failed = posture.filter((check) => check.success === false).length;
  const passed = posture.filter((check) => check.success === true).length;
  const all = plural(posture.length, "posture check");
  if (posture.length === 0) return "no posture checks";
  if (failed > 0) return `${failed} of ${all} failed`;
  return passed === posture.length ? `${all} passed` : `${passed} of ${all} passed, the others unknown`;
}
