import type { SectionBlock } from "@slack/types";

import type { Identity } from "../../api/cloudflare.ts";
import { compact } from "../../compact.ts";
import { plural } from "../../pluralize.ts";
import { section } from "../blocks.ts";
import { firstLines, firstOf, fitLines } from "../fit.ts";
import { code, escape, named, when } from "../text.ts";

const MAX_GROUPS = 20;
const MAX_DEVICES = 5;
/** Leaves room for the devices in a section's 3,000 characters. */
const MAX_POSTURE = 1800;

/** An identity in full, in the dashboard's groups: of somebody when last seen, or behind one session. */
export function identitySections(identity: Identity): SectionBlock[] {
  return [
    section("*User*", userLines(identity)),
    section("*Identity provider and groups*", providerLines(identity)),
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
    email === null ? "no e-mail in the identity" : code(email, 254),
    id !== null && `id at the identity provider: ${code(id)}`,
    userUuid !== null && `user id in tokens (sub): ${code(userUuid)}`,
    issuedAt === null ? "log-in time not said" : `logged in ${when(issuedAt, "full")}`,
  );
}

function providerLines({ idp, amr, groups }: Identity): string[] {
  const names = (groups ?? []).map((name) => escape(named(name, "unnamed group"), 60));
  const groupsText =
    names.length === 0 ? "no groups" : `${plural(names.length, "group")}: ${firstOf(names, MAX_GROUPS)}`;
  return compact(
    idp === null
      ? "identity provider not said"
      : `${escape(named(idp.type, "provider of unknown type"), 60)}${idp.id === null ? "" : ` ${code(idp.id)}`}`,
    !!amr?.length && `authenticated by: ${escape(amr.join(", "), 200)}`,
    groups === null ? "groups not said" : groupsText,
  );
}

function locationLine({ country, ip }: Identity): string {
  const where = country === null ? "country not said" : countryText(country);
  return `${where} · ${ip === null ? "IP not said" : code(ip, 45)}`;
}

/** `🇬🇧 GB`: the flag of two letters, and what Cloudflare said in any case. */
export function countryText(country: string): string {
  const letters = /^[A-Z]{2}$/.test(country) ? country.split("") : [];
  const flag = letters.map((letter) => String.fromCodePoint(0x1f1e6 + letter.charCodeAt(0) - 65)).join("");
  return `${flag === "" ? "" : `${flag} `}${escape(country, 20)}`;
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
  const none = deviceId === null ? "device not said" : "no device";
  const own = deviceId ? `device ${code(deviceId, 64)}${authenticated(device?.lastAuthenticatedAt)}` : none;
  return [own, ...alsoOn, ...postureLines(posture)];
}

function authenticated(at: number | null | undefined): string {
  return at === null || at === undefined ? "" : `, authenticated ${when(at)}`;
}

function postureLines(posture: Identity["posture"]): string[] {
  if (posture === null) return ["posture not said"];
  if (posture.length === 0) return ["no posture checks"];
  const passed = posture.filter((check) => check.success === true).length;
  const failed = posture.filter((check) => check.success === false).length;
  // Failed ones first: they must not be among those that are left out.
  const ordered = posture.toSorted((a, b) => rank(a) - rank(b));
  return [
    `posture: ${passed} passed${failed === 0 ? "" : `, ❌ ${failed} failed`}`,
    fitLines(ordered.map(checkText), MAX_POSTURE, (left) => `and ${plural(left, "check")} more`),
  ];
}

type PostureCheck = NonNullable<Identity["posture"]>[number];

function rank(check: PostureCheck): number {
  if (check.success === false) return 0;
  return check.success === null ? 1 : 2;
}

function checkText(check: PostureCheck): string {
  const mark = { 0: "❌", 1: "❔", 2: "✅" }[rank(check)];
  const name = escape(named(check.name, named(check.type, "unnamed rule")), 80);
  const type = check.type === null ? "" : ` (${escape(check.type, 40)})`;
  const error = check.error === null ? "" : `: ${escape(check.error, 160)}`;
  return `${mark} ${name}${type}${error}`;
}

function mtlsText({ mtls, commonName }: Identity): string {
  if (mtls === null || mtls.presented === null) return "not said";
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
  if (serviceToken === null) return "not said";
  const { id, status } = serviceToken;
  if (id === "") return "none";
  const name = commonName === null ? "" : `, common name ${code(commonName)}`;
  return `${code(id)}, ${status === null ? "validity not said" : status ? "valid" : "not valid"}${name}`;
}

function onOff(flag: boolean | null): string {
  if (flag === null) return "not said";
  return flag ? "on" : "off";
}
