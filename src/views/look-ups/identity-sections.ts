import type { SectionBlock } from "@slack/types";

import type { Identity } from "../../api/cloudflare.ts";
import { compact } from "../../compact.ts";
import { plural } from "../../pluralize.ts";
import { section } from "../blocks.ts";
import { firstLines, firstOf, fitLines } from "../fit.ts";
import { code, escape, named, when } from "../text.ts";
import { failedCheckText, postureCount } from "./posture.ts";

const MAX_GROUPS = 20;
const MAX_DEVICES = 5;
/** Leaves room for the devices in a section's 3,000 characters. */
const MAX_POSTURE = 1800;

/** An identity in full, in the dashboard's groups: as last seen, or behind one session. */
export function identitySections(identity: Identity): SectionBlock[] {
  return [
    section("*User*", userLines(identity)),
    section("*IdP and groups*", providerLines(identity)),
    section("*Location and network*", locationLine(identity)),
    section("*Device and posture*", deviceLines(identity)),
    section(
      `*mTLS*  ${mtlsText(identity)}`,
      `*Service token*  ${serviceTokenText(identity)}`,
      `*WARP and Gateway*  WARP ${onOff(identity.isWarp)}, Gateway ${onOff(identity.isGateway)}`,
    ),
  ];
}

function userLines({ name, email, id, userUuid, issuedAt }: Identity): string[] {
  return compact(
    escape(named(name, ""), 100) || null,
    email === null ? "no email in the identity" : code(email, 254),
    id !== null && `IdP id: ${code(id)}`,
    userUuid !== null && `user id in tokens (sub): ${code(userUuid)}`,
    issuedAt === null ? "sign-in time unknown" : `signed in ${when(issuedAt, "full")}`,
  );
}

function providerLines({ idp, amr, groups }: Identity): string[] {
  const names = (groups ?? []).map((name) => escape(named(name, "unnamed group"), 60));
  const groupsText =
    names.length === 0 ? "no groups" : `${plural(names.length, "group")}: ${firstOf(names, MAX_GROUPS)}`;
  return compact(
    idp === null
      ? "IdP unknown"
      : `${escape(named(idp.type, "provider of unknown type"), 60)}${idp.id === null ? "" : ` ${code(idp.id)}`}`,
    !!amr?.length && `authenticated by: ${escape(amr.join(", "), 200)}`,
    groups === null ? "groups unknown" : groupsText,
  );
}

function locationLine({ country, ip }: Identity): string {
  const where = country === null ? "country unknown" : countryText(country);
  return `${where} · ${ip === null ? "IP unknown" : code(ip, 45)}`;
}

/** `🇬🇧 GB`: the flag of two letters, and what Cloudflare said in any case. */
export function countryText(country: string): string {
  return compact(flagOf(country), escape(country, 20)).join(" ");
}

/** Null where a country is not told by two capital letters. */
export function flagOf(country: string): string | null {
  if (!/^[A-Z]{2}$/.test(country)) return null;
  return country
    .split("")
    .map((letter) => String.fromCodePoint(0x1f1e6 + letter.charCodeAt(0) - 65))
    .join("");
}

function deviceLines({ deviceId, deviceSessions, posture }: Identity): string[] {
  const others = (deviceSessions ?? []).filter((session) => session.deviceId !== deviceId);
  const device = deviceSessions?.find((session) => session.deviceId === deviceId);
  const alsoOn = firstLines(
    others,
    MAX_DEVICES,
    (one) => `also signed in on ${code(one.deviceId, 64)}${authenticated(one.lastAuthenticatedAt)}`,
    (left) => `and on ${plural(left, "other device")}`,
  );
  const none = deviceId === null ? "device unknown" : "no device";
  const own = deviceId ? `device ${code(deviceId, 64)}${authenticated(device?.lastAuthenticatedAt)}` : none;
  return [own, ...alsoOn, ...postureLines(posture)];
}

function authenticated(at: number | null | undefined): string {
  return at === null || at === undefined ? "" : `, authenticated ${when(at)}`;
}

/** Failed checks first, each as a sentence; those that passed are only counted. */
function postureLines(posture: Identity["posture"]): string[] {
  const failed = (posture ?? []).filter((check) => check.success === false);
  const open = (posture ?? []).filter((check) => check.success === null);
  const lines = [
    ...failed.map((check) => `❌ ${escape(failedCheckText(check), 100)}${errorText(check)}`),
    ...open.map(
      (check) => `❔ ${escape(named(check.name, named(check.type, "unnamed rule")), 80)}: no result`,
    ),
  ];
  const more = (left: number) => `and ${plural(left, "check")} more`;
  return compact(postureCount(posture), lines.length > 0 && fitLines(lines, MAX_POSTURE, more));
}

/** The rule's name and Cloudflare's words, as far as the sentence before them does not say the same. */
function errorText(check: NonNullable<Identity["posture"]>[number]): string {
  const name = named(check.name, "", 80);
  const error = named(check.error, "", 160);
  const words = compact(
    name !== "" && !failedCheckText(check).startsWith(name) && !error.includes(name) && name,
    error !== "" && error.replace(`${name}: `, ""),
  );
  return words.length === 0 ? "" : ` (${escape(words.join("; "), 240)})`;
}

function mtlsText({ mtls, commonName }: Identity): string {
  if (mtls === null || mtls.presented === null) return "unknown";
  if (!mtls.presented) return "no certificate presented";
  return compact(
    "certificate presented",
    mtls.status !== null && escape(mtls.status, 40),
    commonName !== null && `common name ${code(commonName)}`,
    mtls.issuer !== null && `issuer ${code(mtls.issuer)}`,
    mtls.serial !== null && `serial ${code(mtls.serial)}`,
  ).join(", ");
}

function serviceTokenText({ serviceToken, commonName }: Identity): string {
  if (serviceToken === null) return "unknown";
  const { id, status } = serviceToken;
  if (id === "") return "none";
  const name = commonName === null ? "" : `, common name ${code(commonName)}`;
  return `${code(id)}, ${status === null ? "validity unknown" : status ? "valid" : "not valid"}${name}`;
}

function onOff(flag: boolean | null): string {
  if (flag === null) return "unknown";
  return flag ? "on" : "off";
}
