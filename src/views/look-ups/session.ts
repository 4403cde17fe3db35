import type { AccessUser, ActiveSession, SessionIdentity } from "../../api/cloudflare.ts";
import { message, section, type Message } from "../blocks.ts";
import { firstOf } from "../fit.ts";
import { screenButton } from "../screen-button.ts";
import { subjectOf, toSummary } from "../subject.ts";
import { code, escape, named, when } from "../text.ts";
import { identitySections } from "./identity-sections.ts";
import { timeLeft } from "./sessions.ts";

const MAX_APPS = 20;

interface SessionProps {
  user: AccessUser;
  nonce: string;
  identity: SessionIdentity;
  /** The session's row in the user's list; absent once it is over. */
  listed: ActiveSession | undefined;
  now: number;
}

/** `/zt sessions <who> <nonce>`: one session in full. */
export function sessionMessage({ user, nonce, identity, listed, now }: SessionProps): Message {
  const who = subjectOf(user);
  const state = stateText(identity.isActive);
  const label = `All active sessions of ${user.email}`;
  return message(
    `One session of ${who}: ${state.words}. ${identityText(identity)}`,
    section(
      `*${who}*, session ${code(nonce, 200)}`,
      `${state.mark} *${state.words}* (${when(now, "time")})`,
      listed !== undefined && listedLines(listed, now),
    ),
    identitySections(identity),
    toSummary(user, screenButton("All sessions", "sessions", { user: user.id }, label)),
  );
}

function stateText(isActive: boolean | null): { mark: string; words: string } {
  if (isActive === null) return { mark: "❔", words: "unknown whether it is active" };
  return isActive ? { mark: "🟢", words: "still active" } : { mark: "⚪", words: "no longer active" };
}

function listedLines({ apps, issuedAt, expiresAt }: ActiveSession, now: number): string[] {
  const names = (apps ?? []).map((app) => escape(named(app.name, named(app.hostname, "unnamed app")), 60));
  return [
    apps === null ? "apps unknown" : names.length === 0 ? "no app yet" : `on ${firstOf(names, MAX_APPS)}`,
    [
      issuedAt === null ? "start unknown" : `since ${when(issuedAt)}`,
      expiresAt === null ? "end unknown" : `until ${when(expiresAt)} (${timeLeft(expiresAt, now)})`,
    ].join(", "),
  ];
}

function identityText({ country, ip, posture }: SessionIdentity): string {
  const failed = posture?.filter((check) => check.success === false).length ?? null;
  const checks =
    failed === null
      ? "posture unknown"
      : failed === 0
        ? "no posture check failed"
        : `posture checks failed: ${failed}`;
  return escape(`From ${country ?? "an unknown country"}, IP ${ip ?? "unknown"}, ${checks}.`);
}
