import { type ReactElement, useState } from "react";
import { Avatar } from "./avatar.tsx";
import { post } from "./slack-client.ts";
import { faultSwitches, useWorld, type WorldSummary } from "./world-client.ts";

const routes = [
  "users.list",
  "users.get",
  "identity",
  "sessions.list",
  "failed-logins",
  "registrations.list",
  "risk.get",
  "revoke-user",
  "registrations.revoke",
  "registrations.unrevoke",
  "risk.reset",
];

/** The other side of the sandbox: who is in the Cloudflare account, what to do to them, and what was asked of it. */
export function CloudflarePanel(props: {
  onInvestigate: (email: string) => void;
  onClose: () => void;
}): ReactElement {
  const { world, refresh } = useWorld();
  const [said, setSaid] = useState("");

  async function act(path: string, body: unknown, done: string): Promise<void> {
    const answer = await post(path, body);
    setSaid(answer.ok ? done : `That did not work: ${answer.error ?? "no reason given"}`);
    refresh();
  }

  return (
    <aside className="panel cloudflare" aria-labelledby="cloudflare-title">
      <header className="panel-header">
        <h2 id="cloudflare-title">Cloudflare</h2>
        <button
          type="button"
          className="icon-button"
          aria-label="Close Cloudflare panel"
          onClick={props.onClose}
        >
          <span aria-hidden="true">✕</span>
        </button>
      </header>
      <div className="panel-body">
        <p className="visually-hidden" role="status">
          {said}
        </p>
        {world === undefined ? (
          <p className="panel-note">Waiting for the emulator…</p>
        ) : (
          <>
            <Users users={world.users} onInvestigate={props.onInvestigate} act={act} />
            <Faults faults={world.faults} act={act} />
            <Requests requests={world.requests} />
          </>
        )}
      </div>
    </aside>
  );
}

type Act = (path: string, body: unknown, done: string) => Promise<void>;

function Users(props: {
  users: WorldSummary["users"];
  onInvestigate: (email: string) => void;
  act: Act;
}): ReactElement {
  return (
    <section aria-labelledby="users-title">
      <h3 id="users-title">Worth investigating</h3>
      <ul className="users">
        {props.users.map(({ email, name, story }) => (
          <li key={email} className="user">
            <button type="button" className="user-main" onClick={() => props.onInvestigate(email)}>
              <Avatar name={name || email} />
              <span>
                <span className="user-email">{email}</span>
                {story && <span className="user-story">{story}</span>}
              </span>
            </button>
            <div className="user-actions" role="group" aria-label={`Make something happen to ${email}`}>
              <button
                type="button"
                onClick={() => void props.act("/sandbox/login", { email }, `${email} logged in`)}
              >
                Log in
              </button>
              <button
                type="button"
                onClick={() => void props.act("/sandbox/fail-login", { email }, `${email} failed to log in`)}
              >
                Fail login
              </button>
              <button
                type="button"
                onClick={() =>
                  void props.act("/sandbox/risk-event", { email }, `Risk event added to ${email}`)
                }
              >
                Risk event
              </button>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Faults(props: { faults: WorldSummary["faults"]; act: Act }): ReactElement {
  const [route, setRoute] = useState("*");
  const active = props.faults.find((fault) => fault.route === route);

  async function choose(name: string, fault: unknown): Promise<void> {
    // One fault at a time: what is wrong with Cloudflare should be plain to see.
    await props.act("/sandbox/faults", { clear: true }, "Cloudflare is well again");
    if (fault) await props.act("/sandbox/faults", { route, fault }, `Cloudflare now answers so: ${name}`);
  }

  return (
    <section aria-labelledby="faults-title">
      <h3 id="faults-title">Faults</h3>
      <label className="fault-route">
        For
        <select
          value={route}
          onChange={(event) => {
            setRoute(event.target.value);
          }}
        >
          <option value="*">every call</option>
          {routes.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <ul className="faults">
        {faultSwitches.map(({ name, fault }) => {
          const isOn = active?.fault.kind === fault.kind;
          return (
            <li key={name}>
              <button
                type="button"
                role="switch"
                aria-checked={isOn}
                className="switch"
                onClick={() => void choose(name, isOn ? undefined : fault)}
              >
                <span className="switch-track" aria-hidden="true" />
                {name}
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Requests({ requests }: { requests: WorldSummary["requests"] }): ReactElement {
  const newestFirst = requests.toReversed().slice(0, 30);
  return (
    <section aria-labelledby="requests-title">
      <h3 id="requests-title">Last requests</h3>
      {newestFirst.length === 0 ? (
        <p className="panel-note">None yet.</p>
      ) : (
        <ol className="requests">
          {newestFirst.map((request, index) => (
            <li key={`${request.at}-${newestFirst.length - index}`}>
              <span className="request-method">{request.method}</span>
              <span className="request-path" title={request.path}>
                {shorten(request.path)}
              </span>
              <span
                className={request.status >= 400 || request.status === 0 ? "request-bad" : "request-good"}
              >
                {request.status || "cut"}
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

/** The account's id is the same in every path and says nothing. */
function shorten(path: string): string {
  return path.replace(/^\/client\/v4/, "").replace(/^\/accounts\/[^/]+/, "");
}
