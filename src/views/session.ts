import type { AccessUser, ActiveSession, SessionIdentity } from "../api/cloudflare.ts";
import { actions, section, type Message } from "./blocks.ts";
import { firstOf } from "./fit.ts";
import { identitySections } from "./identity-sections.ts";
import { screenButton } from "./screen-button.ts";
import { timeLeft } from "./session-table.ts";
import { subjectOf, toSummary } from "./subject.ts";
import { code, escape, named, when } from "./text.ts";

const MAX_APPS = 20;

export interface SessionProps {
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
  return {
    text: `One session of ${who}: ${state.words}. ${identityText(identity)}`,
    blocks: [
      section(
        [
          `*${who}*, session ${code(nonce, 200)}`,
          `${state.mark} *${state.words}* (${when(now, "time")})`,
          ...(listed === undefined ? [] : listedLines(listed, now)),
        ].join("\n"),
      ),
      ...identitySections(identity),
      toSummary(user, [
        actions(
          "to_sessions",
          screenButton({
            text: "All sessions",
            screen: "sessions",
            which: "open",
            params: { user: user.id },
            label: `All active sessions of ${user.email}`,
          }),
        ),
      ]),
    ],
  };
}

function stateText(isActive: boolean | null): { mark: string; words: string } {
  if (isActive === null) return { mark: "❔", words: "Cloudflare does not say whether it is active" };
  return isActive ? { mark: "🟢", words: "still active" } : { mark: "⚪", words: "not active any more" };
}

function listedLines({ apps, issuedAt, expiresAt }: ActiveSession, now: number): string[] {
  const names = apps.map((app) => escape(named(app.name, named(app.hostname, "unnamed app")), 60));
  return [
    names.length === 0 ? "no app yet" : `on ${firstOf(names, MAX_APPS)}`,
    [
      issuedAt === null ? "start not said" : `since ${when(issuedAt)}`,
      expiresAt === null ? "end not said" : `until ${when(expiresAt)} (${timeLeft(expiresAt, now)})`,
    ].join(", "),
  ];
}

function identityText({ country, ip, posture }: SessionIdentity): string {
  const failed = posture.filter((check) => check.success === false).length;
  return escape(
    `From ${country ?? "a country not said"}, IP ${ip ?? "not said"}, ${failed === 0 ? "no posture check failed" : `posture checks failed: ${failed}`}.`,
  );
}
