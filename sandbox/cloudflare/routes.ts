/** Every call that the emulator answers. Where two paths fit, the first wins: `summary` stands before `:user`. */
import type { Route, RouteName } from "./exchange.ts";
import { accessRequestRoutes } from "./resources/access-requests.ts";
import { accessUserRoutes } from "./resources/access-users.ts";
import { activeSessionRoutes } from "./resources/active-sessions.ts";
import { auditLogRoutes } from "./resources/audit-logs.ts";
import { deviceRoutes } from "./resources/devices.ts";
import { failedLoginRoutes } from "./resources/failed-logins.ts";
import { gatewayRoutes } from "./resources/gateway.ts";
import { identityProviderRoutes } from "./resources/identity-providers.ts";
import { identityRoutes } from "./resources/identities.ts";
import { physicalDeviceRoutes } from "./resources/physical-devices.ts";
import { registrationRoutes } from "./resources/registrations.ts";
import { revokeUserRoutes } from "./resources/revoke-user.ts";
import { riskScoringRoutes } from "./resources/risk-scoring.ts";
import { tokenRoutes } from "./resources/tokens.ts";

export const routes: readonly Route[] = [
  ...accessUserRoutes,
  ...activeSessionRoutes,
  ...identityRoutes,
  ...failedLoginRoutes,
  ...revokeUserRoutes,
  ...registrationRoutes,
  ...deviceRoutes,
  ...physicalDeviceRoutes,
  ...gatewayRoutes,
  ...identityProviderRoutes,
  ...riskScoringRoutes,
  ...accessRequestRoutes,
  ...tokenRoutes,
  ...auditLogRoutes,
];

/** Whether a text from outside names a route. */
export function isRouteName(name: string): name is RouteName {
  return routes.some((route) => route.name === name);
}
