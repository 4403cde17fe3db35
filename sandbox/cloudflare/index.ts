/**
 * A Cloudflare that runs on this machine: the part of the API that zt-bot calls, with state that really changes, and
 * faults that can be switched on. `startCloudflare` is the door; see `settings.ts` for what it can be told.
 */
import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { createAuthentication, createAuthorization } from "./auth.ts";
import { createControlRouter } from "./control.ts";
import { createDataFile, loadWorld } from "./data-file.ts";
import type { Backend } from "./exchange.ts";
import type { Faults } from "./faults.ts";
import { createFaults } from "./faults.ts";
import type { Gates } from "./gates.ts";
import { createGates } from "./gates.ts";
import type { RegisterDeviceOptions, RiskEventOptions } from "./happenings.ts";
import { addRiskEvent, registerDevice } from "./happenings.ts";
import type { RecordedRequest } from "./journal.ts";
import { createAuditLayer } from "./journal.ts";
import type { FailLoginOptions, LoginOptions } from "./logins.ts";
import { failLogin, login } from "./logins.ts";
import { createRateLimit } from "./rate-limit.ts";
import { routes } from "./routes.ts";
import { seedWorkspace } from "./seed.ts";
import { API_PREFIX, createApiRouter } from "./server.ts";
import type { CloudflareEmulatorOptions, Settings } from "./settings.ts";
import { defaultUnknowns } from "./settings.ts";
import type { FailedLogin, Registration, RiskEvent, Session, World } from "./world.ts";
import { createEmptyWorld } from "./world.ts";

export { createControlRouter } from "./control.ts";
export type { Fault, FaultRoute, Faults } from "./faults.ts";
export type { Gates, Hold } from "./gates.ts";
export type { RegisterDeviceOptions, RiskEventOptions } from "./happenings.ts";
export type { RecordedRequest } from "./journal.ts";
export { LoginRefusedError } from "./logins.ts";
export type { FailLoginOptions, LoginOptions } from "./logins.ts";
export type { CloudflareEmulatorOptions, Settings, TokenOptions, Unknowns } from "./settings.ts";
export type { FailedLogin, Registration, RiskEvent, Session, World } from "./world.ts";
export { findActiveRegistrations, findLiveSessions, findUser } from "./world.ts";

export interface CloudflareEmulator {
  url: string;
  /** `${url}/client/v4`: what the client is given. */
  baseUrl: string;
  accountId: string;
  /** Plain data; a test may read it and change it. */
  state: World;
  /** May be changed while it runs. */
  settings: Settings;
  now: () => number;
  /** The newest 10,000 API calls, newest last. */
  requests: RecordedRequest[];
  /** Logs in: a new nonce, issued now. Throws `LoginRefusedError` in the minute after a revocation, unless forced. */
  login: (email: string, options?: LoginOptions) => Session;
  /** These three throw `UnknownUserError` for an email that nobody has. */
  failLogin: (email: string, options?: FailLoginOptions) => FailedLogin;
  registerDevice: (email: string, options?: RegisterDeviceOptions) => Registration;
  addRiskEvent: (email: string, options?: RiskEventOptions) => RiskEvent;
  faults: Faults & Gates;
  /** After a request arrives or is answered, and after every change of the world or of the faults. */
  on: (event: "change", listener: () => void) => () => void;
  close: () => Promise<void>;
}

export async function startCloudflare(options: CloudflareEmulatorOptions): Promise<CloudflareEmulator> {
  const now = options.now ?? Date.now;
  const world =
    (options.dataFile === undefined ? null : loadWorld(options.dataFile)) ?? createWorld(options, now());
  const settings = createSettings(options);
  const backend: Backend = { world, settings, now };
  const requests: RecordedRequest[] = [];
  const dataFile = options.dataFile === undefined ? null : createDataFile(options.dataFile, world);
  const events = new EventEmitter();
  const stopped = Promise.withResolvers<void>();
  function changed(): void {
    dataFile?.saveSoon();
    events.emit("change");
  }
  function withChange<T>(result: T): T {
    changed();
    return result;
  }

  const { gates, layer: gateLayer } = createGates();
  const { faults, layer: faultLayer } = createFaults(changed);
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  const api = createApiRouter({
    routes,
    layers: [
      gateLayer,
      faultLayer,
      createAuthentication(options),
      createRateLimit(
        options.rateLimit === undefined ? { requests: 1200, windowMs: 300_000 } : options.rateLimit,
        now,
      ),
      createAuthorization(options, backend),
      createAuditLayer(backend),
    ],
    backend,
    requests,
    observe: options.observe,
    stopped: stopped.promise,
    onChange: changed,
  });
  app.use(API_PREFIX, api);

  const server = createServer(app);
  // Longer than any client keeps an idle connection, so that none is reset under a request.
  server.keepAliveTimeout = 120_000;
  server.listen(options.port ?? 0, options.host ?? "127.0.0.1");
  await once(server, "listening");
  const { address, port } = getAddress(server.address());
  const url = `http://${address.includes(":") ? `[${address}]` : address}:${port}`;

  const emulator: CloudflareEmulator = {
    url,
    baseUrl: `${url}${API_PREFIX}`,
    accountId: options.accountId,
    state: world,
    settings,
    now,
    requests,
    login: (email, input) => withChange(login(world, email, now(), input)),
    failLogin: (email, input) => withChange(failLogin(world, email, now(), input)),
    registerDevice: (email, input) => withChange(registerDevice(world, email, now(), input)),
    addRiskEvent: (email, input) => withChange(addRiskEvent(world, email, now(), input)),
    faults: { ...faults, ...gates },
    on(event, listener) {
      events.on(event, listener);
      return () => {
        events.off(event, listener);
      };
    },
    async close() {
      stopped.resolve();
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
      dataFile?.flush();
    },
  };
  app.use("/sandbox", createControlRouter(emulator));
  return emulator;
}

function createWorld(options: CloudflareEmulatorOptions, now: number): World {
  const world = createEmptyWorld(options.accountId);
  if (options.seed !== "empty") seedWorkspace(world, now);
  return world;
}

function createSettings(options: CloudflareEmulatorOptions): Settings {
  return {
    unknowns: { ...defaultUnknowns, ...options.unknowns },
    sessionListLagMs: options.sessionListLagMs ?? 0,
    noLoginMs: options.noLoginMs ?? 60_000,
    riskEnabled: options.riskEnabled ?? true,
    accessEnabled: options.accessEnabled ?? true,
    multiUserMode: options.multiUserMode ?? false,
  };
}

function getAddress(address: AddressInfo | string | null): AddressInfo {
  if (typeof address === "object" && address !== null) return address;
  throw new TypeError("the server listens on no port");
}
