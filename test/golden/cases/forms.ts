import type { ModalView } from "@slack/types";

import { revokedByNote } from "../../../src/actions/devices-common/form.ts";
import { formOf } from "../../../src/actions/index.ts";
import { UnknownUsersError } from "../../../src/asking/unknown-users.ts";
import { groupRiskEvents } from "../../../src/lookup/facts.ts";
import { ACTION_NAMES, type ActionName } from "../../../src/requests/plan.ts";
import { offerForm } from "../../../src/views/forms/button.ts";
import type { Material } from "../../../src/views/forms/spec.ts";
import { chooseUserProblem } from "../../../src/views/look-ups/choose-user.ts";
import { withMaskedNotice } from "../../../src/views/masked.ts";
import { askModal, type AskModalProps } from "../../../src/views/request/ask-modal.ts";
import { unknownUsersBlocks, unknownUsersMessage } from "../../../src/views/request/unknown-users.ts";
import { makeRegistration, makeUser } from "../../views/support.ts";
import { HOUR, MINUTE, NOW, person, REASON, TAKEN_OVER } from "../story.ts";

const MALLORY = { userId: makeUser().id, email: "mallory@example.com", name: "Mallory Quill" };
const FACTS = ["high risk", "3 active sessions", "2 active devices"];

const devices = TAKEN_OVER.registrations.ok ? TAKEN_OVER.registrations.value : [];
const revoked = devices.map((one) => makeRegistration({ ...one, revokedAt: NOW - 5 * MINUTE }));
const events = TAKEN_OVER.risk.ok ? TAKEN_OVER.risk.value.events : [];

/** What a form is about, once someone is chosen. */
function materialOf(action: ActionName): Material {
  switch (formOf(action).material) {
    case "none":
      return { kind: "none" };
    case "risk-events":
      return { kind: "risk-events", groups: groupRiskEvents(events), now: NOW };
    case "active-registrations":
      return { kind: "registrations", state: "active", registrations: devices, now: NOW };
    case "revoked-registrations":
      return { kind: "registrations", state: "revoked", registrations: revoked, now: NOW };
    case "all-registrations":
      return {
        kind: "registrations",
        state: "all",
        registrations: [...devices, ...revoked.slice(0, 1)],
        now: NOW,
      };
  }
}

const form = (action: ActionName, changes: Partial<AskModalProps> = {}): ModalView =>
  askModal({
    action,
    chosen: formOf(action).about === "user" ? MALLORY : null,
    facts: formOf(action).about === "user" ? FACTS : [],
    material: materialOf(action),
    prefill: {},
    reason: "",
    requireReason: true,
    originChannel: "C0SECURE1",
    ...changes,
  });

const picking = (action: ActionName, changes: Partial<AskModalProps> = {}): ModalView =>
  form(action, { chosen: null, facts: [], material: { kind: "none" }, ...changes });

const none = (action: ActionName, state: "active" | "revoked" | "all"): ModalView =>
  form(action, { material: { kind: "registrations", state, registrations: [], now: NOW } });

const found = { users: [makeUser(), person("Ada Ng")], unknown: ["malory@example.com"], ambiguous: [] };
const unknown = new UnknownUsersError(
  [
    { name: "malory@example.com", why: "not an Access user" },
    { name: "ada at example", why: "not an email address" },
  ],
  found,
);
const noOne = new UnknownUsersError([{ name: "malory@example.com", why: "not an Access user" }], {
  ...found,
  users: [],
});

const USER_ACTIONS = ACTION_NAMES.filter((action) => formOf(action).about === "user");

/** The forms behind the subcommands that change something. */
export const FORMS = {
  ...Object.fromEntries(ACTION_NAMES.map((action) => [action, form(action)])),
  ...Object.fromEntries(USER_ACTIONS.map((action) => [`${action}-who`, picking(action)])),
  "revoke-recommended": form("revoke", {
    prefill: { action: "revoke", devices: true, warpReauth: true },
    reason: REASON,
  }),
  "revoke-with-a-block-list": form("revoke", {
    canBlock: true,
    prefill: { action: "revoke", devices: true, warpReauth: false, block: true, duration: "8h" },
  }),
  "revoke-of-someone-blocked": form("revoke", {
    isBlocked: true,
    facts: [{ text: "blocked until", at: NOW + 2 * HOUR }, ...FACTS],
  }),
  "revoke-canned-reasons": form("revoke", {
    reasons: ["Account takeover", "Lost or stolen device", "Offboarding"],
    reason: "Account takeover: two sign-ins from Brazil",
  }),
  "revoke-reason-optional": form("revoke", { requireReason: false }),
  "revoke-ambiguous-address": picking("revoke", {
    choice: { users: [makeUser(), person("Ada Ng", { lastLoginAt: NOW - 30 * HOUR })], now: NOW },
    problem: chooseUserProblem({
      kind: "shared",
      typed: "mallory@example.com",
      users: [makeUser(), person("Ada Ng")],
      isCut: false,
      isMatch: true,
      isPartial: false,
    }),
  }),
  "revoke-misspelt-address": picking("revoke", {
    choice: { users: [makeUser()], now: NOW },
    problem: chooseUserProblem({
      kind: "misspelt",
      typed: "malory@example.com",
      users: [makeUser()],
      isCut: false,
      isMatch: false,
      isPartial: false,
    }),
  }),
  "revoke-names-not-found": picking("revoke", {
    problemBlocks: unknownUsersBlocks(unknown),
    without: { draft: "d1", count: 2, isTicked: true },
  }),
  "revoke-with-a-problem": form("revoke", {
    reason: REASON,
    problem: { what: "A reason is required.", why: "Approvers need it to decide." },
  }),
  "revoke-masked-credential": withMaskedNotice(form("revoke"), ["a Slack token"]),
  "revoke-devices-none": none("revoke-devices", "active"),
  "restore-devices-none": none("restore-devices", "revoked"),
  "delete-devices-none": none("delete-devices", "all"),
  "restore-devices-after-a-revocation": form("restore-devices", {
    prefill: { action: "restore-devices", registrationIds: revoked.map(({ id }) => id) },
    notes: [
      revokedByNote(
        { requestId: "ZT-7K3M2QF", from: NOW - 6 * MINUTE, to: NOW - 4 * MINUTE },
        revoked.length,
      ),
    ],
  }),
  "restore-devices-none-from-that-revocation": form("restore-devices", {
    notes: [revokedByNote({ requestId: "ZT-7K3M2QF", from: NOW - 6 * MINUTE, to: NOW - 4 * MINUTE }, 0)],
  }),
  "reset-risk-no-events": form("reset-risk", { material: { kind: "risk-events", groups: [], now: NOW } }),
  "names-not-found": unknownUsersMessage(unknown, "d1"),
  "no-name-found": unknownUsersMessage(noOne, "d1"),
  ...Object.fromEntries(
    (["revoke", "delete-user"] as const).map((action) => [`offer-${action}`, offerForm(action, {})]),
  ),
};
