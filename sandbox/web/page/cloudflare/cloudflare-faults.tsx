import { type ReactElement, useState } from "react";
import type { ActOnWorld } from "./cloudflare-panel.tsx";
import { type ActiveFault, faultSwitches } from "./world-client.ts";

const routes = [
  "users.list",
  "users.get",
  "identity",
  "sessions.list",
  "failed-logins",
  "registrations.list",
  "risk.get",
  "risk.summary",
  "access-requests",
  "tokens.verify",
  "revoke-user",
  "registrations.revoke",
  "registrations.unrevoke",
  "devices.revoke",
  "risk.reset",
  "users.create",
  "users.update",
  "users.delete",
];

/** Switches that make Cloudflare slow or wrong, for every call or for one kind of call. */
export function CloudflareFaults({ faults, act }: { faults: ActiveFault[]; act: ActOnWorld }): ReactElement {
  const [route, setRoute] = useState("*");
  const isOn = (kind: string): boolean => faults.some((on) => on.route === route && on.fault.kind === kind);
  return (
    <details className="panel-section" open>
      <summary>
        <h3>Faults</h3>
      </summary>
      <label className="fault-route">
        For
        <select value={route} onChange={(event) => setRoute(event.target.value)}>
          <option value="*">every call</option>
          {routes.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <ul className="faults">
        {faultSwitches.map(({ name, fault }) => (
          <li key={name}>
            <button
              type="button"
              role="switch"
              aria-checked={isOn(fault.kind)}
              className="switch"
              onClick={() =>
                void (isOn(fault.kind)
                  ? act("/sandbox/faults", { clear: true, route, kind: fault.kind }, `${name}: off.`)
                  : act("/sandbox/faults", { route, fault }, `${name}: on.`))
              }
            >
              <span className="switch-track" aria-hidden="true" />
              {name}
            </button>
          </li>
        ))}
      </ul>
      {faults.length > 0 && (
        <p className="faults-on">
          On: {faults.map((on) => `${nameOf(on)} (${on.route === "*" ? "every call" : on.route})`).join(", ")}
          .{" "}
          <button
            type="button"
            className="button"
            onClick={() => void act("/sandbox/faults", { clear: true }, "Cloudflare is well again.")}
          >
            Switch all off
          </button>
        </p>
      )}
    </details>
  );
}

function nameOf({ fault }: ActiveFault): string {
  return faultSwitches.find((each) => each.fault.kind === fault.kind)?.name ?? fault.kind;
}
