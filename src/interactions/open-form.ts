import type { KnownBlock, ModalView } from "@slack/types";

import type { AccessUser } from "../api/cloudflare.ts";
import { authorise } from "../commands/authorise.ts";
import { compact } from "../compact.ts";
import type { FormRequest } from "../commands/define.ts";
import type { Asker, Deps } from "../deps.ts";
import { UserError, type UserMessage } from "../errors.ts";
import type { ActionName } from "../requests/plan.ts";
import { blockIn, countDevices, groupRiskEvents, onApps } from "../lookup/facts.ts";
import { activeFirst, allRegistrations, findRevokedBy } from "../lookup/registrations.ts";
import { findRisk, gatherSummary, type UserSummary } from "../lookup/summary.ts";
import { judge } from "../lookup/verdict.ts";
import { choiceInstead, type Choice } from "../lookup/candidates.ts";
import { findUser, type Who } from "../lookup/who.ts";
import { askModal } from "../views/request/ask-modal.ts";
import type { PlanLine } from "../actions/define.ts";
import { readBlocked } from "../asking/blocked.ts";
import { revokedByNote } from "../actions/devices-common/form.ts";
import { formOf } from "../actions/index.ts";
import type { Material } from "../views/forms/spec.ts";
import { chooseUserProblem } from "../views/look-ups/choose-user.ts";
import { verdictReason } from "../views/look-ups/verdict.ts";
import { plural } from "../pluralize.ts";
import { openWithLoading } from "./modal.ts";

interface FormPlace {
  asker: Asker;
  originChannel: string;
}

/** Opens the form of an action: at once, and filled when what it shows has been read. */
export async function openForm(
  deps: Deps,
  triggerId: string,
  place: FormPlace,
  request: FormRequest,
): Promise<void> {
  const build = async () => {
    await authorise({ deps, asker: place.asker }, { name: request.action, role: "operator" });
    return buildForm(deps, place, request);
  };
  // Without a user there is nothing to read, and so nothing to wait for.
  if (request.who === null)
    await deps.slack.interactive.views.open({ trigger_id: triggerId, view: await build() });
  else
    await openWithLoading(deps, triggerId, formOf(request.action).title, "Reading from Cloudflare…", build);
}

/** The form of an action on devices with one of them ticked, about the user whose device it is. */
export async function openDeviceForm(
  deps: Deps,
  triggerId: string,
  place: FormPlace,
  { action, device }: { action: ActionName; device: string },
): Promise<void> {
  await openWithLoading(deps, triggerId, formOf(action).title, "Reading from Cloudflare…", async () => {
    await authorise({ deps, asker: place.asker }, { name: action, role: "operator" });
    const { items } = await deps.cloudflare.devices.registrations({ ids: [device], status: "all" });
    const owner = items[0]?.userId ?? null;
    if (owner === null) {
      throw new UserError({
        what: "That device is no longer registered.",
        next: "Look at their devices again with /zt devices.",
      });
    }
    const who = { kind: "id", id: owner } as const;
    return buildForm(deps, place, { action, who, prefill: { registrationIds: [device] }, reason: "" });
  });
}

/** The form with what is known of the user, what it shows of Cloudflare's state, and what was filled in before. */
export async function buildForm(
  deps: Deps,
  { originChannel }: FormPlace,
  { action, who, prefill, reason, revokedBy, isAdvised, without }: FormRequest,
  problem?: UserMessage,
  problemBlocks?: readonly KnownBlock[],
): Promise<ModalView> {
  const policy = deps.policy.current();
  const shared = {
    action,
    prefill,
    reason,
    originChannel,
    requireReason: policy.action(action).requireReason,
    reasons: policy.reasons,
    canBlock: policy.block !== null,
    ...(problem !== undefined && { problem }),
    ...(without !== undefined && { without }),
    ...(problemBlocks !== undefined && { problemBlocks }),
  };
  if (who === null) return askModal({ ...shared, chosen: null, facts: [], material: { kind: "none" } });
  const found = await findOrChoose(deps, who);
  if (found.user === null) {
    const { choice } = found;
    return askModal({
      ...shared,
      chosen: null,
      choice: { users: choice.users, now: deps.now() },
      facts: [],
      material: { kind: "none" },
      problem: chooseUserProblem(choice),
    });
  }
  const { user } = found;
  const [read, material, blocked] = await Promise.all([
    gatherSummary(deps.cloudflare, user, deps.now()),
    readMaterial(deps, user, formOf(action).material),
    TELLS_OF_BLOCK.has(action) ? readBlocked(deps, user.email) : undefined,
  ]);
  const summary = { ...read, ...(blocked !== undefined && { blocked }) };
  const isBlocked = blockIn(summary, deps.now()) !== null;
  const canBlock = shared.canBlock && !isBlocked;
  const chosen = { userId: user.id, email: user.email, name: user.name };
  const filled = { ...shared, canBlock, isBlocked, chosen, facts: factsOf(summary), material };
  const verdict = isAdvised === true ? judge(summary, deps.now()) : null;
  if (verdict?.step === "revoke") {
    return askModal({
      ...filled,
      prefill: { devices: true, ...(canBlock && { block: true }) },
      reason: verdictReason(verdict, summary),
    });
  }
  if (revokedBy === undefined || material.kind !== "registrations") return askModal(filled);
  const registrationIds = findRevokedBy(material.registrations, revokedBy).map((one) => one.id);
  const notes = [revokedByNote(revokedBy, registrationIds.length)];
  return askModal({ ...filled, notes, prefill: { registrationIds } });
}

/** The user meant; where an email is several users' or misspelt, those to choose from. */
async function findOrChoose(
  { cloudflare, directory }: Deps,
  who: Who,
): Promise<{ user: AccessUser } | { user: null; choice: Choice }> {
  try {
    return { user: await findUser(cloudflare, directory, who) };
  } catch (error) {
    return { user: null, choice: await choiceInstead(cloudflare, error) };
  }
}

async function readMaterial(
  { cloudflare, now }: Deps,
  user: { id: string; email: string },
  needed: ReturnType<typeof formOf>["material"],
): Promise<Material> {
  const read = async (state: "active" | "revoked" | "all") =>
    ({
      kind: "registrations",
      state,
      registrations: await allRegistrations(cloudflare, user.id, state),
      now: now(),
    }) as const;
  switch (needed) {
    case "none":
      return { kind: "none" };
    case "active-registrations":
      return read("active");
    case "revoked-registrations":
      return read("revoked");
    case "all-registrations": {
      const all = await read("all");
      const there = all.registrations.filter((one) => one.deletedAt === null);
      return { ...all, registrations: activeFirst(there) };
    }
    case "risk-events":
      return {
        kind: "risk-events",
        groups: groupRiskEvents((await findRisk(cloudflare, user)).events),
        now: now(),
      };
  }
}

/** Forms that offer a block, or are about one. */
const TELLS_OF_BLOCK: ReadonlySet<ActionName> = new Set(["revoke", "block"]);

function factsOf(summary: UserSummary): PlanLine[] {
  const { sessions, risk, registrations, gatheredAt } = summary;
  const level = risk.ok && (risk.value.level ?? risk.value.rawLevel ?? "none");
  const block = blockIn(summary, gatheredAt);
  return compact<PlanLine>(
    block !== null &&
      (block.until === null ? "blocked, without an end" : { text: "blocked until", at: block.until }),
    sessions.ok && `${plural(sessions.value.length, "active session")}${onApps(sessions.value)}`,
    registrations.ok && countDevices(registrations),
    risk.ok && `risk level ${level}, ${plural(risk.value.events.length, "event")} since the last reset`,
  );
}
