import type { AccessRequest, AccessUser } from "../api/cloudflare.ts";
import type { Deps } from "../deps.ts";
import { readOpenIdentities } from "../lookup/open-identities.ts";
import { SIGN_IN_SPAN_MS, signInLanes, type SignInLanes } from "../lookup/sign-ins/lanes.ts";
import { findRevocations } from "../requests/queries.ts";
import { uploadPicture } from "../slack/picture.ts";
import type { Message } from "../views/blocks.ts";
import { signInPicture, signInsInWords } from "../views/look-ups/sign-in-picture.ts";
import { renderPng } from "./png.ts";
import { drawSignIns } from "./sign-ins.ts";

/** One identity is one call: the countries of the newest sessions are enough for a picture. */
const MAX_IDENTITIES = 4;

/**
 * The sign-ins of 24 hours with what tells them apart: where each address is, and when access was revoked. Read while
 * the sign-ins themselves are.
 */
export async function readSignInLanes(
  { cloudflare, db, now }: Pick<Deps, "cloudflare" | "db" | "now">,
  user: AccessUser,
  asked: Promise<readonly AccessRequest[]>,
): Promise<SignInLanes> {
  const at = now();
  const [requests, open, revocations] = await Promise.all([
    asked,
    readOpenIdentities(cloudflare, user.id, { max: MAX_IDENTITIES }),
    findRevocations(db, user, at - SIGN_IN_SPAN_MS),
  ]);
  // After a revocation there is no session left that says where it was: what was read before says so.
  const before = revocations.flatMap(({ evidence }) =>
    evidence?.places?.ok === true ? evidence.places.value.seen : [],
  );
  const places = [...before, ...open.identities.map(({ identity }) => identity)];
  return signInLanes(requests, { places, revokedAt: revocations.map((one) => one.at), now: at });
}

/**
 * Sends the picture, put into Slack first; nothing without a sign-in to show. Where Slack does not take it, the same is
 * said in words.
 * @throws what `send` throws for the words.
 */
export async function sendSignInPicture(
  { slack, log }: Pick<Deps, "slack" | "log">,
  data: SignInLanes,
  send: (message: Message) => Promise<void>,
): Promise<void> {
  const drawing = drawSignIns(data);
  if (drawing === null) return;
  try {
    const file = await uploadPicture(slack.background, "sign-ins.png", await renderPng(drawing));
    await send(signInPicture(file, data));
  } catch (error) {
    log.warn({ err: error }, "a picture of sign-ins could not be shown in Slack");
    await send(signInsInWords(data));
  }
}
