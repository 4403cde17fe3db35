import type { SectionBlock } from "@slack/types";

import type { Identity } from "../api/cloudflare.ts";
import { plural } from "../words.ts";
import { section } from "./blocks.ts";
import { countryText } from "./country.ts";
import { firstOf, fitLines } from "./fit.ts";
import { code, escape, named, when } from "./text.ts";

const MAX_GROUPS = 20;
const MAX_DEVICES = 5;
/** Leaves room for the devices in a section's 3,000 characters. */
const MAX_POSTURE = 1800;

type PostureCheck = Identity["posture"][number];

/** An identity in full, in the dashboard's groups: of somebody when last seen, or behind one session. */
export function identitySections(identity: Identity): SectionBlock[] {
  return [
    group("User", userLines(identity)),
    group("Identity provider and groups", providerLines(identity)),
    group("Location and network", locationLines(identity)),
    group("Device and posture", deviceLines(identity)),
    section(
      [
        `*mTLS*  ${mtlsText(identity)}`,
        `*Service token*  ${serviceTokenText(identity)}`,
        `*WARP and Gateway*  WARP ${onOff(identity.isWarp)}, Gateway ${onOff(identity.isGateway)}`,
      ].join("\n"),
    ),
  ];
}

function group(title: string, lines: readonly string[]): SectionBlock {
  return section(`*${title}*\n${lines.join("\n")}`);
}

function userLines({ name, email, id, userUuid, issuedAt }: Identity): string[] {
  return [
    ...(named(name, "") === "" ? [] : [escape(named(name, ""), 100)]),
    email === null ? "no e-mail in the identity" : code(email, 254),
    ...(id === null ? [] : [`id at the identity provider: ${code(id)}`]),
    ...(userUuid === null ? [] : [`user id in tokens (sub): ${code(userUuid)}`]),
    issuedAt === null ? "log-in time not said" : `logged in ${when(issuedAt, "full")}`,
  ];
}

function providerLines({ idp, amr, groups }: Identity): string[] {
  const names = groups.map((name) => escape(named(name, "unnamed group"), 60));
  return [
    idp === null
      ? "identity provider not said"
      : `${escape(named(idp.type, "provider of unknown type"), 60)}${idp.id === null ? "" : ` ${code(idp.id)}`}`,
    ...(amr.length === 0 ? [] : [`authenticated by: ${escape(amr.join(", "), 200)}`]),
    groups.length === 0 ? "no groups" : `${plural(groups.length, "group")}: ${firstOf(names, MAX_GROUPS)}`,
  ];
}

function locationLines({ country, ip }: Identity): string[] {
  return [
    [
      country === null ? "country not said" : countryText(country),
      ip === null ? "IP not said" : code(ip, 45),
    ].join(" · "),
  ];
}

function deviceLines({ deviceId, deviceSessions, posture }: Identity): string[] {
  const others = deviceSessions.filter((session) => session.deviceId !== deviceId);
  const device = deviceSessions.find((session) => session.deviceId === deviceId);
  return [
    deviceId === null
      ? "no device"
      : `device ${code(deviceId, 64)}${authenticated(device?.lastAuthenticatedAt)}`,
    ...others
      .slice(0, MAX_DEVICES)
      .map((one) => `also signed in on ${code(one.deviceId, 64)}${authenticated(one.lastAuthenticatedAt)}`),
    ...(others.length > MAX_DEVICES ? [`and on ${plural(others.length - MAX_DEVICES, "other device")}`] : []),
    ...postureLines(posture),
  ];
}

function authenticated(at: number | null | undefined): string {
  return at === null || at === undefined ? "" : `, authenticated ${when(at)}`;
}

function postureLines(posture: readonly PostureCheck[]): string[] {
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
  if (mtls?.presented !== true) return "no certificate presented";
  return [
    "certificate presented",
    ...(mtls.status === null ? [] : [escape(mtls.status, 40)]),
    ...(commonName === null ? [] : [`common name ${code(commonName)}`]),
    ...(mtls.issuer === null ? [] : [`issuer ${code(mtls.issuer)}`]),
    ...(mtls.serial === null ? [] : [`serial ${code(mtls.serial)}`]),
  ].join(", ");
}

function serviceTokenText({ serviceToken, commonName }: Identity): string {
  if (serviceToken === null) return "none";
  const name = commonName === null ? "" : `, common name ${code(commonName)}`;
  return `${code(serviceToken.id)}, ${serviceToken.status ? "valid" : "not valid"}${name}`;
}

function onOff(flag: boolean | null): string {
  if (flag === null) return "not said";
  return flag ? "on" : "off";
}
