import type { KnownBlock, ModalView } from "@slack/types";

import { authorise } from "../commands/authorise.ts";
import type { FormRequest } from "../commands/define.ts";
import type { Asker, Deps } from "../deps.ts";
import type { UserMessage } from "../errors.ts";
import { groupRiskEvents, onApps } from "../lookup/facts.ts";
import { activeFirst, findRevokedBy } from "../lookup/registrations.ts";
import { allRegistrations, findRisk, gatherSummary, type UserSummary } from "../lookup/summary.ts";
import { findUser } from "../lookup/who.ts";
import { askModal } from "../views/ask-modal.ts";
import { revokedByNote } from "../views/forms/devices.ts";
import { formOf } from "../views/forms/index.ts";
import type { Material } from "../views/forms/spec.ts";
import { plural } from "../words.ts";
import { openWithLoading } from "./modal.ts";

export interface FormPlace {
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
  const { title } = formOf(request.action);
  if (request.who === null) {
    await authorise({ deps, asker: place.asker }, { name: request.action, role: "operator" });
    await deps.slack.interactive.views.open({
      trigger_id: triggerId,
      view: await buildForm(deps, place, request),
    });
    return;
  }
  await openWithLoading(deps, triggerId, title, "Asking Cloudflare…", async () => {
    await authorise({ deps, asker: place.asker }, { name: request.action, role: "operator" });
    return buildForm(deps, place, request);
  });
}

/** The form with what is known of the user, what it shows of Cloudflare's state, and what was filled in before. */
export async function buildForm(
  deps: Deps,
  { originChannel }: FormPlace,
  { action, who, prefill, reason, revokedBy }: FormRequest,
  problem?: UserMessage,
  problemBlocks?: readonly KnownBlock[],
): Promise<ModalView> {
  const shared = {
    action,
    prefill,
    reason,
    originChannel,
    requireReason: deps.policy.current().action(action).requireReason,
    ...(problem === undefined ? {} : { problem }),
    ...(problemBlocks === undefined ? {} : { problemBlocks }),
  };
  if (who === null) return askModal({ ...shared, chosen: null, facts: [], material: { kind: "none" } });
  const user = await findUser(deps.cloudflare, deps.directory, who);
  const [summary, material] = await Promise.all([
    gatherSummary(deps.cloudflare, user, deps.now()),
    readMaterial(deps, user, formOf(action).material),
  ]);
  const chosen = { userId: user.id, email: user.email, name: user.name };
  const filled = { ...shared, chosen, facts: factsOf(summary), material };
  if (revokedBy === undefined || material.kind !== "registrations") return askModal(filled);
  const registrationIds = findRevokedBy(material.registrations, revokedBy).map((one) => one.id);
  const notes = [revokedByNote(revokedBy, registrationIds.length)];
  return askModal({ ...filled, notes, prefill: { registrationIds } });
}

async function readMaterial(
  deps: Deps,
  user: { id: string; email: string },
  needed: ReturnType<typeof formOf>["material"],
): Promise<Material> {
  switch (needed) {
    case "none":
      return { kind: "none" };
    case "active-registrations":
      return {
        kind: "registrations",
        state: "active",
        registrations: await allRegistrations(deps.cloudflare, user.id, "active"),
      };
    case "revoked-registrations":
      return {
        kind: "registrations",
        state: "revoked",
        registrations: await allRegistrations(deps.cloudflare, user.id, "revoked"),
      };
    case "all-registrations": {
      const all = await allRegistrations(deps.cloudflare, user.id, "all");
      const there = all.filter((one) => one.deletedAt === null);
      return { kind: "registrations", state: "all", registrations: activeFirst(there) };
    }
    case "risk-events":
      return { kind: "risk-events", groups: groupRiskEvents((await findRisk(deps.cloudflare, user)).events) };
  }
}

function factsOf({ sessions, risk, registrations }: UserSummary): string[] {
  return [
    ...(sessions.ok ? [`${plural(sessions.value.length, "active session")}${onApps(sessions.value)}`] : []),
    ...(registrations.ok ? [plural(registrations.value.length, "registered device")] : []),
    ...(risk.ok
      ? [
          `risk level ${risk.value.level ?? risk.value.rawLevel ?? "none"}, ${plural(risk.value.events.length, "event")} since the last reset`,
        ]
      : []),
  ];
}
