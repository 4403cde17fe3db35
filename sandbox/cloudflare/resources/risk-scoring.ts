/** `/zt_risk_scoring`: the summary, one user, a reset. */
import { fail, notFound, ok } from "../envelope.ts";
import { resetRisk } from "../effects.ts";
import type { Answer, Backend, Call, Route } from "../exchange.ts";
import type { Unknowns } from "../settings.ts";
import type { RiskProfile, User, World } from "../world.ts";
import { highestRisk } from "../world.ts";
import { toIso } from "../wire.ts";

function notEnabled({ settings }: Backend): Answer {
  return fail(settings.unknowns.notEnabledStatus, {
    code: 9999,
    message: "access.api.error.not_enabled: risk scoring is not enabled for this account",
  });
}

/** The user that the risk API knows by the id in the path; its profile is null while nothing ever happened. */
function findScored(call: Call, world: World): { user: User; profile: RiskProfile | null } | null {
  const id = call.params.user;
  const profile = world.risk.find((profile) => profile.riskUserId === id) ?? null;
  if (profile) {
    const user = world.users.find((user) => user.id === profile.userId);
    return user ? { user, profile } : null;
  }
  const user = world.users.find((user) => user.id === id);
  const isKnownOtherwise = world.risk.some((profile) => profile.userId === id);
  return user && !isKnownOtherwise ? { user, profile: null } : null;
}

function getSummary(_call: Call, backend: Backend): Answer {
  if (!backend.settings.riskEnabled) return notEnabled(backend);
  const { world } = backend;
  const users = world.risk.flatMap((profile) => {
    const user = world.users.find((user) => user.id === profile.userId);
    const level = highestRisk(profile.events);
    if (!user || !level) return [];
    return {
      user_id: profile.riskUserId,
      email: user.email,
      name: user.name ?? "",
      max_risk_level: level,
      event_count: profile.events.length,
      last_event: toIso(Math.max(...profile.events.map((event) => event.at))),
    };
  });
  return ok({ users });
}

function getRisk(call: Call, backend: Backend): Answer {
  if (!backend.settings.riskEnabled) return notEnabled(backend);
  const scored = findScored(call, backend.world);
  if (!scored) return answerUnknown(backend.settings.unknowns, { email: "", name: "", events: [] });
  const { user, profile } = scored;
  const events = (profile?.events ?? []).toSorted((a, b) => b.at - a.at);
  const level = highestRisk(events);
  return ok({
    email: user.email,
    name: user.name ?? "",
    // Optional in the API document: there is no level where there is no event.
    ...(level ? { risk_level: level } : {}),
    last_reset_time: toIso(profile?.lastResetAt ?? null),
    events: events.map((event) => ({
      id: event.id,
      name: event.name,
      risk_level: event.level,
      timestamp: toIso(event.at),
      event_details: event.details,
    })),
  });
}

function reset(call: Call, backend: Backend): Answer {
  if (!backend.settings.riskEnabled) return notEnabled(backend);
  const scored = findScored(call, backend.world);
  if (!scored) return answerUnknown(backend.settings.unknowns, {});
  resetRisk(backend.world, scored.user.id, backend.now());
  return RESET_ANSWERS[backend.settings.unknowns.riskResetResult];
}

const RESET_ANSWERS: Record<Unknowns["riskResetResult"], Answer> = {
  object: ok({}),
  null: ok(null),
  absent: { kind: "json", status: 200, body: { success: true, errors: [], messages: [] } },
};

function answerUnknown(unknowns: Unknowns, empty: Record<string, unknown>): Answer {
  return unknowns.riskUnknownUser === "empty" ? ok(empty) : notFound("user");
}

const base = "/accounts/:account/zt_risk_scoring";

export const riskScoringRoutes: readonly Route[] = [
  {
    name: "risk.summary",
    method: "get",
    path: `${base}/summary`,
    permissions: ["Zero Trust: PII Read"],
    answer: getSummary,
  },
  {
    name: "risk.get",
    method: "get",
    path: `${base}/:user`,
    permissions: ["Zero Trust: PII Read"],
    answer: getRisk,
  },
  {
    name: "risk.reset",
    method: "post",
    path: `${base}/:user/reset`,
    permissions: ["Zero Trust Write"],
    answer: reset,
  },
];
