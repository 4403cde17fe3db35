/** What the sandbox's page does to Cloudflare's world: POST /login, /fail-login, /register-device, /risk-event, /faults; GET /world. */
import express from "express";
import { z } from "zod";
import type { FaultRoute } from "./faults.ts";
import { UnknownUserError } from "./happenings.ts";
import type { CloudflareEmulator } from "./index.ts";
import { countRecentFailedLogins, LoginRefusedError } from "./logins.ts";
import { isRouteName } from "./routes.ts";
import { findActiveRegistrations, findLiveSessions, highestRisk } from "./world.ts";

const email = z.string().min(1);
const at = z.number().exactOptional();

const LoginInput = z.object({
  email,
  apps: z.array(z.string()).exactOptional(),
  country: z.string().exactOptional(),
  ip: z.string().exactOptional(),
  ttl: z.number().positive().exactOptional(),
  at,
  force: z.boolean().exactOptional(),
});
const FailLoginInput = z.object({ email, app: z.string().exactOptional(), at });
const RegisterDeviceInput = z.object({ email, name: z.string().exactOptional(), at });
const RiskEventInput = z.object({
  email,
  name: z.string().exactOptional(),
  level: z.enum(["low", "medium", "high"]).exactOptional(),
  details: z.unknown().exactOptional(),
  at,
});

const times = z.int().positive().exactOptional();
const FaultInput = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("latency"),
    ms: z.number().min(0),
    jitterMs: z.number().min(0).exactOptional(),
    times,
  }),
  z.object({ kind: z.literal("rate-limit"), retryAfter: z.number().min(0), times }),
  z.object({
    kind: z.literal("status"),
    status: z.int().min(200).max(599),
    html: z.boolean().exactOptional(),
    body: z.unknown().exactOptional(),
    times,
  }),
  z.object({
    kind: z.literal("success-false"),
    code: z.int().exactOptional(),
    message: z.string().exactOptional(),
    times,
  }),
  z.object({ kind: z.literal("drop"), times }),
  z.object({ kind: z.literal("drop-after"), times }),
  z.object({ kind: z.literal("hang"), applied: z.boolean().exactOptional(), times }),
  z.object({ kind: z.literal("odd"), times }),
]);
const FaultRouteInput = z.custom<FaultRoute>(
  (value) => typeof value === "string" && (value === "*" || isRouteName(value)),
  "is not a route",
);
const FaultsInput = z.union([
  z.object({ route: FaultRouteInput, fault: FaultInput }),
  z.object({
    clear: z.literal(true),
    route: FaultRouteInput.exactOptional(),
    kind: z.enum(FaultInput.options.map((option) => option.shape.kind.value)).exactOptional(),
  }),
]);

/** Routes below `/sandbox`; what is not one of them is passed on, so that others can be mounted there too. */
export function createControlRouter(emulator: CloudflareEmulator): express.Router {
  const router = express.Router();
  const json = express.json();

  function post<Input>(path: string, schema: z.ZodType<Input>, run: (input: Input) => unknown): void {
    router.post(path, json, (request, response) => {
      const parsed = schema.safeParse(request.body);
      if (!parsed.success) {
        response.status(400).json({ ok: false, error: z.prettifyError(parsed.error) });
        return;
      }
      try {
        response.json({ ok: true, result: run(parsed.data) ?? null });
      } catch (error) {
        const status = refusalStatus(error);
        if (status === null || !(error instanceof Error)) throw error;
        response.status(status).json({ ok: false, error: error.message });
      }
    });
  }

  post("/login", LoginInput, ({ email, ...options }) => emulator.login(email, options));
  post("/fail-login", FailLoginInput, ({ email, ...options }) => emulator.failLogin(email, options));
  post("/register-device", RegisterDeviceInput, ({ email, ...options }) =>
    emulator.registerDevice(email, options),
  );
  post("/risk-event", RiskEventInput, ({ email, ...options }) => emulator.addRiskEvent(email, options));
  post("/faults", FaultsInput, (input) => {
    if ("clear" in input) emulator.faults.clear(input.route, input.kind);
    else emulator.faults.set(input.route, input.fault);
    return emulator.faults.list();
  });
  router.get("/world", (_request, response) => {
    response.json(summarize(emulator));
  });
  return router;
}

function refusalStatus(error: unknown): number | null {
  if (error instanceof LoginRefusedError) return 409;
  if (error instanceof UnknownUserError) return 404;
  return null;
}

/** What the page shows beside Slack. */
function summarize(emulator: CloudflareEmulator) {
  const { state, faults } = emulator;
  const now = emulator.now();
  const users = state.users.flatMap((user) => {
    if (user.story === null) return [];
    const profile = state.risk.find((profile) => profile.userId === user.id);
    return {
      id: user.id,
      email: user.email,
      name: user.name,
      story: user.story,
      sessions: findLiveSessions(state, user.id, now).length,
      failedLogins24h: countRecentFailedLogins(state, user.id, now),
      registrations: findActiveRegistrations(state, user.id).length,
      risk: highestRisk(profile?.events ?? []),
      canLogIn: user.noLoginUntil <= now,
    };
  });
  return {
    accountId: emulator.accountId,
    users,
    userCount: state.users.length,
    faults: faults.list(),
  };
}
