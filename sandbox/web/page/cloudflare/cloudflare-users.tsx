import type { ReactElement } from "react";
import { Avatar } from "../chat/avatar.tsx";
import type { ActOnWorld } from "./cloudflare-panel.tsx";
import type { WorldUser } from "./world-client.ts";

/** Users with a story, what they have open now, and ways to make something happen to them. */
export function CloudflareUsers(props: {
  users: WorldUser[];
  onInvestigate: (email: string) => void;
  act: ActOnWorld;
}): ReactElement {
  return (
    <details className="panel-section panel-section-long" open>
      <summary>
        <h3>Worth investigating</h3>
      </summary>
      <ul className="users">
        {props.users.map((user) => (
          <User key={user.email} user={user} onInvestigate={props.onInvestigate} act={props.act} />
        ))}
      </ul>
    </details>
  );
}

function User(props: {
  user: WorldUser;
  onInvestigate: (email: string) => void;
  act: ActOnWorld;
}): ReactElement {
  const { act, user } = props;
  const { email } = user;
  return (
    <li className="user">
      <div className="user-main">
        <Avatar name={user.name || email} />
        <div>
          <button type="button" className="user-email" onClick={() => props.onInvestigate(email)}>
            <span className="visually-hidden">Investigate </span>
            {email}
          </button>
          <p className="user-story">{user.story}</p>
          <p className="user-facts">Now: {toFacts(user)}</p>
        </div>
      </div>
      <div className="user-actions" role="group" aria-label={`Make something happen to ${email}`}>
        <button
          type="button"
          onClick={() => void act("/sandbox/login", { email }, `${email} has signed in.`)}
        >
          Sign in
        </button>
        <button
          type="button"
          onClick={() => void act("/sandbox/fail-login", { email }, `${email} has failed to sign in.`)}
        >
          Fail sign-in
        </button>
        <button
          type="button"
          onClick={() =>
            void act("/sandbox/risk-event", { email, level: "high" }, `${email} has a new risk event.`)
          }
        >
          Risk event
        </button>
        <button
          type="button"
          onClick={() => void act("/sandbox/register-device", { email }, `${email} has a new device.`)}
        >
          Device
        </button>
      </div>
    </li>
  );
}

function toFacts(user: WorldUser): string {
  return [
    count(user.sessions, "session"),
    count(user.failedLogins24h, "failed sign-in"),
    count(user.registrations, "device"),
    user.risk ? `${user.risk} risk` : "no risk",
    ...(user.canLogIn ? [] : ["can't sign in yet"]),
  ].join(" · ");
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
