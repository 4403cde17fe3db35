import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign as signBytes,
  verify as verifyBytes,
} from "node:crypto";

import type { Link } from "../chain.ts";

/**
 * Signed notes as C2SP has them (https://c2sp.org/signed-note): a text, and under it who signed it. Keys are written as
 * golang.org/x/mod/sumdb/note writes them, so that tools for such notes read ours.
 */
const ED25519 = Buffer.from([1]);
/** RFC 8410: what stands before the 32 bytes of a private key. */
const PKCS8_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");

export interface SigningKey {
  name: string;
  /** The public key in its text form, which checks what this one signs. */
  publicKey: string;
  /** @returns the whole note. `text` ends in a newline. */
  sign(text: string): string;
}

export interface VerifierKey {
  name: string;
  id: Buffer;
  key: KeyObject;
}

/** A key, or a note, that is none. */
export class NoteError extends Error {
  override readonly name = "NoteError";
}

/** `PRIVATE+KEY+<name>+<id>+<base64>`. @throws NoteError, which repeats nothing of it. */
export function parseSigningKey(text: string): SigningKey {
  const [, name = "", id, data = ""] = /^PRIVATE\+KEY\+([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text) ?? [];
  const bytes = Buffer.from(data, "base64");
  if (id === undefined || bytes.length !== 33 || bytes[0] !== 1)
    throw new NoteError("is not a signing key (PRIVATE+KEY+…): npm run audit -- make-key makes one");
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_HEAD, bytes.subarray(1)]),
    format: "der",
    type: "pkcs8",
  });
  const raw = rawOf(key);
  const keyId = keyIdOf(name, raw);
  if (keyId.toString("hex") !== id) throw new NoteError("is not a whole signing key: name and id do not fit");
  return {
    name,
    publicKey: `${name}+${id}+${Buffer.concat([ED25519, raw]).toString("base64")}`,
    sign(text) {
      const signature = signBytes(null, Buffer.from(text, "utf8"), key);
      return `${text}\n— ${name} ${Buffer.concat([keyId, signature]).toString("base64")}\n`;
    },
  };
}

/** A new key in its text form: a secret. Its name is unlike any other's. */
export function createSigningKey(): string {
  const name = `zt-bot/record-${randomBytes(4).toString("hex")}`;
  const seed = randomBytes(32);
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: "der", type: "pkcs8" });
  const id = keyIdOf(name, rawOf(key)).toString("hex");
  return `PRIVATE+KEY+${name}+${id}+${Buffer.concat([ED25519, seed]).toString("base64")}`;
}

/** `<name>+<id>+<base64>`. @throws NoteError */
export function parseVerifierKey(text: string): VerifierKey {
  const [, name = "", id, data = ""] = /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text) ?? [];
  const bytes = Buffer.from(data, "base64");
  const raw = bytes.subarray(1);
  const isKey = id !== undefined && bytes.length === 33 && bytes[0] === 1;
  if (!isKey || keyIdOf(name, raw).toString("hex") !== id)
    throw new NoteError("is not a public key such as npm run audit -- public-key prints");
  const jwk = { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") };
  return { name, id: Buffer.from(id, "hex"), key: createPublicKey({ key: jwk, format: "jwk" }) };
}

function rawOf(key: KeyObject): Buffer {
  return Buffer.from(createPublicKey(key).export({ format: "jwk" }).x ?? "", "base64url");
}

function keyIdOf(name: string, raw: Buffer): Buffer {
  return createHash("sha256").update(`${name}\n`).update(ED25519).update(raw).digest().subarray(0, 4);
}

/**
 * The end of the chain as somebody signed it. The text is laid out as that of a C2SP checkpoint, and is none: the hash is
 * the last row's, not the root of a tree (docs/adr/0016).
 */
export interface SignedHead {
  origin: string;
  head: Link;
  /** ISO 8601. */
  time: string;
  /** Base64, with the key's id in front. */
  signature: string;
}

/** The text that is signed. */
export function headText(origin: string, { seq, hash }: Link, time: string): string {
  return `${origin}\n${seq}\n${Buffer.from(hash, "hex").toString("base64")}\ntime ${time}\n`;
}

const NOTE =
  /^(?<origin>\S+)\n(?<seq>\d{1,15})\n(?<root>[A-Za-z0-9+/]{43}=)\ntime (?<time>\S+)\n\n— \S+ (?<signature>[A-Za-z0-9+/]+=*)$/gm;
/** All of a note but what stands there twice, as it is told in Slack. */
const LINE =
  /(?<origin>[^\s`]+) (?<seq>\d{1,15}) (?<root>[A-Za-z0-9+/]{43}=) (?<time>\d{4}-[\d:T.-]+Z) (?<signature>[A-Za-z0-9+/]{90,}=*)/g;

/** Every signed head in a text: notes, and lines as zt-bot posts them. */
export function findHeads(text: string): SignedHead[] {
  return [...text.matchAll(NOTE), ...text.matchAll(LINE)].map(({ groups = {} }) => toHead(groups));
}

/** @throws NoteError for what is no signed head. */
export function parseHead(note: string): SignedHead {
  const [found] = note.matchAll(NOTE);
  if (found?.groups === undefined || found[0] !== note.trimEnd()) throw new NoteError("is no signed head");
  return toHead(found.groups);
}

function toHead({
  origin = "",
  seq,
  root = "",
  time = "",
  signature = "",
}: Record<string, string>): SignedHead {
  return {
    origin,
    head: { seq: Number(seq), hash: Buffer.from(root, "base64").toString("hex") },
    time,
    signature,
  };
}

/** One line: a signed head without what stands in the note twice. */
export function headLine({ origin, head, time, signature }: SignedHead): string {
  return `${origin} ${head.seq} ${Buffer.from(head.hash, "hex").toString("base64")} ${time} ${signature}`;
}

/** `unknown`: by none of these keys. */
export function checkSignature(
  { origin, head, time, signature }: SignedHead,
  keys: readonly VerifierKey[],
): "good" | "bad" | "unknown" {
  const bytes = Buffer.from(signature, "base64");
  const key = keys.find(({ name, id }) => name === origin && id.equals(bytes.subarray(0, 4)));
  if (key === undefined) return "unknown";
  const text = Buffer.from(headText(origin, head, time), "utf8");
  return verifyBytes(null, text, key.key, bytes.subarray(4)) ? "good" : "bad";
}
