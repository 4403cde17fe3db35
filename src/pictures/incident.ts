import type { WebClient } from "@slack/web-api";

import { isCloudflareFailure } from "../api/errors.ts";
import type { AccessUser, CallOptions } from "../api/cloudflare.ts";
import { describeFailure } from "../cloudflare-trouble.ts";
import type { Deps } from "../deps.ts";
import type { Log } from "../log/log.ts";
import { readOpenIdentities } from "../lookup/open-identities.ts";
import { SIGN_IN_SPAN_MS, signInLanes } from "../lookup/sign-ins/lanes.ts";
import { readSignIns } from "../lookup/sign-ins/sign-ins.ts";
import { findRevocations } from "../requests/queries.ts";
import { uploadPicture } from "../slack/picture.ts";
import type { Message } from "../views/blocks.ts";
import { incidentPicture, type IncidentSignIns } from "../views/incident/picture.ts";
import { renderPng } from "./png.ts";
import { drawSignIns } from "./sign-ins.ts";

/** Whose sign-ins one picture shows: each is a few calls. */
const MAX_PEOPLE = 10;
/** Countries are a comfort: the newest sessions of each say enough. */
const MAX_IDENTITIES = 2;
/** A thread waits for it, and its lease lasts 30 s. */
const TIMEOUT_MS = 8000;

/** Reads 24 hours of the first ones. Never rejects for Cloudflare's reasons. */
export async function readIncidentSignIns(
  deps: Pick<Deps, "cloudflare" | "db" | "now">,
  people: readonly AccessUser[],
): Promise<IncidentSignIns> {
  const at = deps.now();
  const asked = people.slice(0, MAX_PEOPLE);
  const call = { timeoutMs: TIMEOUT_MS, signal: AbortSignal.timeout(TIMEOUT_MS) };
  const read = await Promise.all(
    asked.map(async (user) => ({ user, ...(await readOne(deps, user, { at, call })) })),
  );
  const known = read.flatMap((one) => ("why" in one ? [] : [one]));
  return {
    lanes: signInLanes(
      known.flatMap(({ requests }) => requests),
      {
        places: known.flatMap(({ places }) => places),
        revokedAt: known.flatMap(({ revokedAt }) => revokedAt),
        now: at,
      },
    ),
    people: known.map(({ user }) => user),
    cut: known.flatMap(({ user, isWhole }) => (isWhole ? [] : [user])),
    unread: read.flatMap(({ user, ...one }) => ("why" in one ? [{ user, why: one.why }] : [])),
    left: people.length - asked.length,
  };
}

async function readOne(
  { cloudflare, db }: Pick<Deps, "cloudflare" | "db">,
  user: AccessUser,
  { at, call }: { at: number; call: CallOptions },
) {
  if (user.email === "") return { why: "they have no email address" };
  try {
    const [{ items, complete: isWhole }, open, revocations] = await Promise.all([
      readSignIns(cloudflare, user.email, { now: at, days: 1 }, call),
      readOpenIdentities(cloudflare, user.id, { max: MAX_IDENTITIES, call }),
      findRevocations(db, user, at - SIGN_IN_SPAN_MS),
    ]);
    // As in send.ts: what was read before a revocation says where its sessions were.
    const before = revocations.flatMap(({ evidence }) =>
      evidence?.places?.ok === true ? evidence.places.value.seen : [],
    );
    const places = [...before, ...open.identities.map(({ identity }) => identity)];
    return { requests: items, isWhole, places, revokedAt: revocations.map((one) => one.at) };
  } catch (error) {
    if (!isCloudflareFailure(error)) throw error;
    return {
      why: error.kind === "aborted" ? "Cloudflare did not answer in time" : describeFailure(error).brief,
    };
  }
}

/** The picture, put into Slack first. Where Slack does not take it, the same is said in words. */
export async function drawIncidentPicture(
  { slack, log }: { slack: WebClient; log: Log },
  signIns: IncidentSignIns,
): Promise<Message> {
  const drawing = drawSignIns(signIns.lanes);
  if (drawing === null) return incidentPicture(null, signIns);
  try {
    const file = await uploadPicture(slack, "sign-ins.png", await renderPng(drawing));
    return incidentPicture(file, signIns);
  } catch (error) {
    log.warn({ err: error }, "a picture of sign-ins could not be shown in Slack");
    return incidentPicture(null, signIns);
  }
}
