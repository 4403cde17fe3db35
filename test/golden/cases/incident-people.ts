import { stateOfPerson } from "../../../src/incidents/chips.ts";
import type { IncidentFacts } from "../../../src/incidents/facts.ts";
import type { GapRules, PersonRequest, PersonSeen, Said } from "../../../src/incidents/gaps.ts";
import type { Incident } from "../../../src/incidents/incident.ts";
import { makeUser } from "../../views/support.ts";
import { ALICE, BOB, HOUR, MINUTE, NOW, request } from "../story.ts";

export const ID = "INC-7K3M2";
export const LINK = "https://example-corp.slack.com/archives/C0INCIDN7/p1";

export const INCIDENT: Incident = {
  id: ID,
  teamId: "T0SANDBOX",
  title: "Phishing wave",
  status: "open",
  severity: 2,
  owner: ALICE,
  channel: "C0INCIDN7",
  openedBy: ALICE,
  openedAt: NOW - HOUR,
  closed: null,
  firstContainedAt: null,
  containedAt: null,
};

export const CLEAN: PersonSeen = {
  readAt: NOW,
  sessions: { value: [] },
  devices: { value: 0 },
  risk: { value: null },
  blocked: { value: true },
  idp: { value: "disabled" },
};
const REVOKED: PersonRequest = {
  id: "ZT-7K3M2QF",
  action: "revoke",
  takesAccess: true,
  status: "succeeded",
  state: "done",
  createdAt: NOW - 40 * MINUTE,
  sentAt: NOW - 30 * MINUTE,
};

export function person(
  name: string,
  seen: PersonSeen | null,
  requests: readonly PersonRequest[],
  idpDisabled: Said | null = null,
) {
  const email = `${name.split(" ")[0]?.toLowerCase() ?? ""}@example.com`;
  const profile = makeUser({ id: `${name.length}a1b2c3d-0000-4000-8000-000000000001`, name, email });
  const target = { id: profile.id, email, name };
  return {
    person: { target, profile, addedAt: NOW - HOUR, seen, idpDisabled },
    state: stateOfPerson({ seen, requests, returns: [], idpDisabled }, RULES),
  };
}

const RULES: GapRules = { required: ["back", "sessions"], hasBlockList: true };

export const MALLORY = person(
  "Mallory Archer",
  {
    ...CLEAN,
    sessions: { value: [NOW - 20 * MINUTE] },
    blocked: { value: false },
    idp: { value: "active" },
  },
  [REVOKED],
);
const NO_SCIM = { unknown: "no identity provider (IdP) syncs its users" };
/** The identity provider says nothing: no one does, and someone does. */
export const GRACE = person("Grace", { ...CLEAN, idp: NO_SCIM }, [REVOKED]);
export const HEIDI = person("Heidi", { ...CLEAN, idp: NO_SCIM }, [REVOKED], { by: BOB, at: NOW - MINUTE });
export const DANA = person("Dana", { ...CLEAN, devices: { value: 2 }, risk: { value: "high" } }, []);
export const ERIN = person(
  "Erin Long",
  { ...CLEAN, readAt: NOW - 12 * MINUTE, sessions: { unknown: "Cloudflare did not answer in time" } },
  [],
);
export const FRANK = person("Frank", CLEAN, [REVOKED]);

export const FACTS: IncidentFacts = {
  incident: { ...INCIDENT, firstContainedAt: NOW - 29 * MINUTE },
  people: [MALLORY, DANA, ERIN],
  requests: [{ request: request("pending"), headline: "Revoke all sessions of mallory@example.com" }],
  required: RULES.required,
  isContained: false,
  thread: { channel: "C0INCIDN7", ts: "1.1", trouble: null },
};
