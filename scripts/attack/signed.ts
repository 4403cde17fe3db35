import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { CHANNELS, PEOPLE } from "../../sandbox/workspace.ts";
import { CARD_ACTIONS } from "../../src/views/card/approvals.ts";
import { control, fell, unless, type Attack } from "./attack.ts";
import { answerTo, approve, ask, changesOf, comesAbout, idOf, isAlive } from "./people.ts";
import { commandForm, post, sign, statusOf } from "./requests.ts";

const ITEM = "signed payloads";

/** Payloads that Slack signed and would never write. */
export const payloads: Attack[] = [
  {
    item: "forged signatures",
    name: "bad-signatures",
    claim:
      "13 kinds of bad signature are 401 and have no effect, and a request seen before has no second one",
    isolated: true,
    async run(targets) {
      const target = await targets.start();
      const { slack } = target;
      const count = (): number => slack.messages(CHANNELS.approvals).length;
      const form = (who: string): string => commandForm({ text: `revoke ${who} --reason stolen laptop` });
      const good = form("dana@example.com");
      const signed = sign(good);
      control((await post(target, good, signed)) === 200, "a good signature is refused");
      control(await comesAbout(() => count() === 1, 10_000), "a good signature has no effect");

      const body = form("mallory@example.com");
      const now = sign(body);
      const signature = now["x-slack-signature"] ?? "";
      const { "x-slack-signature": _signature, ...unsigned } = now;
      const { "x-slack-request-timestamp": at = "", ...timeless } = now;
      const bad: Record<string, Record<string, string>> = {
        none: unsigned,
        empty: { ...now, "x-slack-signature": "" },
        "of another secret": sign(body, { secret: "another" }),
        "of an empty secret": sign(body, { secret: "" }),
        "of another body": { ...now, ...sign(good) },
        "of no body": sign(""),
        "in capitals": { ...now, "x-slack-signature": `v0=${signature.slice(3).toUpperCase()}` },
        "of another version": { ...now, "x-slack-signature": signature.replace("v0", "v1") },
        "with more behind it": { ...now, "x-slack-signature": `${signature}=1` },
        "cut short": { ...now, "x-slack-signature": signature.slice(0, -1) },
        "without a time": timeless,
        "with another time": { ...now, "x-slack-request-timestamp": String(Number(at) - 1) },
        "six minutes old": sign(body, { at: Date.now() - 360_000 }),
        "two minutes ahead": sign(body, { at: Date.now() + 120_000 }),
      };
      const wrong: string[] = [];
      for (const [kind, headers] of Object.entries(bad)) {
        const status = await post(target, body, headers);
        if (status !== 401) wrong.push(`${kind}: ${status}`);
      }
      await post(target, good, signed);
      // What any of them did comes before what is asked next.
      await ask(target, "revoke erin@example.com --reason after it");
      if (count() !== 2) wrong.push(`${count()} cards instead of 2`);
      return unless(wrong, `${Object.keys(bad).length} kinds were 401, a repetition had no effect`);
    },
  },
  {
    item: "forged signatures",
    name: "random-payloads",
    claim: "300 signed random payloads of people without a say approve nothing",
    isolated: true,
    timeoutMs: 90_000,
    async run(targets) {
      const target = await targets.start();
      const card = await ask(target, "revoke mallory@example.com --reason stolen laptop");
      const id = idOf(target, card);
      const random = createRandom("random-payloads");
      const payloads = Array.from({ length: 300 }, () => randomPayload(random, { id, ts: card.ts }));
      for (let index = 0; index < payloads.length; index += 100)
        await Promise.all(
          payloads.slice(index, index + 100).map((payload) => {
            const body = payloadForm(payload);
            return post(target, body, sign(body));
          }),
        );
      const alive = await isAlive(target);
      const changes = changesOf(target);
      if (!alive) return fell("a signed request is no longer answered");
      if (changes.length > 0) return fell(`Cloudflare was asked for ${changes.join(", ")}`);
      await approve(target, card);
      control(
        await comesAbout(() => changesOf(target).length > 0, 15_000),
        "the approval of an approver has no effect",
      );
      return unless([], "nothing was sent; an approver's click then did it");
    },
  },
  {
    item: ITEM,
    name: "payloads-that-are-none",
    claim: "no signed body, however odd, ends the process",
    async run(targets) {
      const target = await targets.shared();
      control(
        (await post(target, challenge, sign(challenge, { type: JSON_TYPE }))) === 200,
        "a signed body that is well-formed is not taken",
      );
      const values = ["null", "1", "true", '"x"', "[]", "[null]", "{}", '{"type":null}', "{", "", "NaN"];
      const nested = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;
      const bodies = [
        ...[...values, nested, ...hollow].map((value) => ({ body: value, type: JSON_TYPE })),
        ...[...values, nested, ...hollow].map((value) => ({
          body: `payload=${encodeURIComponent(value)}`,
          type: FORM_TYPE,
        })),
        ...["payload", "payload=%", "payload=%ff", "=", "&&&", "__proto__=1", "payload=1&payload=null"].map(
          (body) => ({ body, type: FORM_TYPE }),
        ),
        ...["text/plain", "multipart/form-data", "application/json; charset=utf-16", "x"].map((type) => ({
          body: "null",
          type,
        })),
      ];
      for (const { body, type } of bodies) {
        await post(target, body, sign(body, { type }));
        if ((await statusOf(target, "/healthz")) !== 200)
          return fell(`after ${type} ${body.slice(0, 60)} /healthz is not 200`);
      }
      return unless(
        (await isAlive(target)) ? [] : ["a signed request is no longer answered"],
        `${bodies.length} bodies, and it still answers`,
      );
    },
  },
  {
    item: ITEM,
    name: "foreign-response-urls",
    claim: "answers go to Slack's own address only, wherever response_url points",
    async run(targets) {
      const target = await targets.shared();
      control((await answerTo(target, PEOPLE.alice, "help")) !== "", "the true response_url gets no answer");
      const listener = await startListener();
      try {
        await (await fetch(listener.url)).text();
        control(listener.paths.length === 1, "the attacker's own address can't be reached");
        const { host, port } = new URL(listener.url);
        const urls = [
          "data:text/plain,x",
          "data:,",
          "javascript:1",
          "file:///etc/passwd",
          "about:blank",
          "blob:null/x",
          "",
          "not an address",
          "http://",
          `${listener.url}/plain`,
          `http://localhost:${port}/by-name`,
          `http://[::ffff:127.0.0.1]:${port}/mapped`,
          `http://hooks.slack.com@${host}/user`,
          `http://${host}/hooks.slack.com`,
          `http://${host}#hooks.slack.com`,
          `http://${host}\\@hooks.slack.com/backslash`,
          `http://hooks.slack.com.127.0.0.1.nip.io:${port}/suffix`,
        ];
        for (const url of urls) {
          const body = commandForm({ response_url: url, text: "help" });
          const status = await post(target, body, sign(body));
          if (status === 0) return fell(`${url} ended the connection without an answer`);
        }
        for (const url of [...urls, `${listener.url}/click`])
          for (const form of [button, shortcut]) {
            const body = payloadForm({ ...form, response_url: url });
            await post(target, body, sign(body));
            if ((await statusOf(target, "/healthz")) !== 200)
              return fell(`after a ${form.type} with ${url} /healthz is not 200`);
          }
        const isCaught = await comesAbout(() => listener.paths.length > 1, 2500);
        const wrong = isCaught ? [`the attacker was sent ${listener.paths.slice(1).join(", ")}`] : [];
        if (!(await isAlive(target))) wrong.push("a signed request is no longer answered");
        return unless(wrong, `${urls.length + 1} addresses, and nothing went to any`);
      } finally {
        listener.close();
      }
    },
  },
  {
    item: ITEM,
    name: "redirected-answers",
    claim: "no answer follows a redirect to elsewhere",
    isolated: true,
    async run(targets) {
      const listener = await startListener();
      try {
        let redirected = 0;
        const target = await targets.start({
          mount(app) {
            app.all("/redirect", (_request, response) => {
              redirected += 1;
              response.redirect(307, `${listener.url}/redirected`);
            });
          },
        });
        const body = commandForm({ response_url: `${target.slack.url}/redirect`, text: "help" });
        await post(target, body, sign(body));
        const isAsked = await comesAbout(() => redirected > 0, 5000);
        control(isAsked, "the bot did not ask the address that redirects");
        await comesAbout(() => listener.paths.length > 0, 2000);
        const wrong = listener.paths.length > 0 ? ["the answer went to where the redirect pointed"] : [];
        if (!(await isAlive(target))) wrong.push("a signed request is no longer answered");
        return unless(wrong, "the redirect was not followed");
      } finally {
        listener.close();
      }
    },
  },
  {
    item: ITEM,
    name: "endless-answers",
    claim: "an answer to an answer that never ends holds no connection for long",
    isolated: true,
    async run(targets) {
      const open = new Set<unknown>();
      let asked = 0;
      const target = await targets.start({
        mount(app) {
          app.all("/endless", (_request, response) => {
            asked += 1;
            open.add(response);
            response.writeHead(200, { "content-type": "text/plain" });
            const drip = setInterval(() => void response.write("a".repeat(1000)), 50);
            response.on("close", () => {
              clearInterval(drip);
              open.delete(response);
            });
          });
        },
      });
      for (let index = 0; index < 10; index += 1) {
        const body = commandForm({ response_url: `${target.slack.url}/endless`, text: `help ${index}` });
        await post(target, body, sign(body));
      }
      control(await comesAbout(() => asked === 10, 10_000), "the bot did not ask that address");
      await comesAbout(() => open.size === 0, 15_000, 200);
      const wrong = open.size > 0 ? [`${open.size} of 10 are still open after 15 s`] : [];
      if (!(await isAlive(target))) wrong.push("a signed request is no longer answered");
      return unless(wrong, "10 answers without an end, and none is held");
    },
  },
];

const JSON_TYPE = "application/json";
const FORM_TYPE = "application/x-www-form-urlencoded";
const challenge = JSON.stringify({ type: "url_verification", challenge: "are you there" });

function payloadForm(payload: unknown): string {
  return `payload=${encodeURIComponent(JSON.stringify(payload))}`;
}

const shortcut = {
  type: "message_action",
  callback_id: "investigate",
  team: { id: "T0SANDBOX", domain: "example-corp" },
  user: { id: "U0ALICE01", username: "alice", name: "alice", team_id: "T0SANDBOX" },
  trigger_id: "1.1.none",
  message_ts: "1.1",
  message: { type: "message", text: "mallory@example.com", user: "U0BOB0001", ts: "1.1" },
  channel: { id: "C0SECURE1", name: "security" },
};

const button = {
  type: "block_actions",
  team: { id: "T0SANDBOX", domain: "example-corp" },
  user: { id: "U0ALICE01", username: "alice", name: "alice", team_id: "T0SANDBOX" },
  api_app_id: "A0ZTBOT01",
  trigger_id: "1.1.none",
  container: { type: "message", message_ts: "1.1", channel_id: "C0SECURE1", is_ephemeral: true },
  channel: { id: "C0SECURE1", name: "security" },
  actions: [
    { type: "button", action_id: "request_approve", block_id: "b", value: "ZT-0000000", action_ts: "1.1" },
  ],
};

/** Of the right type, with nothing in it that one would expect. */
const hollow = [
  "block_actions",
  "view_submission",
  "view_closed",
  "shortcut",
  "message_action",
  "block_suggestion",
  "event_callback",
  "slash",
]
  .flatMap((type) => [
    { type },
    { ...button, type, actions: null },
    { ...button, type, actions: [], user: null, team: null, view: null, event: null },
    { ...button, type, actions: [null], view: {}, event: {} },
    {
      ...button,
      type,
      view: { id: 1, state: null, callback_id: null, private_metadata: "{" },
      callback_id: 7,
    },
    {
      ...button,
      type,
      user: { id: { toString: 1 } },
      view: { state: { values: null } },
      event: { type: "app_mention" },
    },
  ])
  .map((payload) => JSON.stringify(payload));

interface Listener {
  url: string;
  paths: string[];
  close(): void;
}

/** A server of the attacker's, which notes down what comes. */
async function startListener(): Promise<Listener> {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? "");
    request.resume();
    response.end("ok");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    paths,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Numbers from 0 to 1 that are the same at each run. */
function createRandom(seed: string): () => number {
  let count = 0;
  return () => {
    count += 1;
    return createHash("sha256").update(`${seed}${count}`).digest().readUInt32BE() / 2 ** 32;
  };
}

/** Something that Slack could send of somebody who asked for it, is a stranger or a guest, or is nobody. */
function randomPayload(random: () => number, { id, ts }: { id: string; ts: string }): unknown {
  const pick = <T>(...from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const user = pick(
    "U0ALICE01",
    "U0NOBODY1",
    "W0FOREIGN",
    "U0ZTBOT01",
    "USLACKBOT",
    "",
    "u0bob0001",
    "U0BOB0001 ",
  );
  const team = pick("T0SANDBOX", "T0FOREIGN", "");
  const action = pick(
    // Who asked may take it back, and that is no attack.
    ...Object.values(CARD_ACTIONS).filter((name) => name !== CARD_ACTIONS.cancel),
    "break_glass",
    "review",
    "screen",
    "form",
    "REQUEST_APPROVE",
    "__proto__",
  );
  const value = pick(id, id.toLowerCase(), `${id} `, "ZT-0000000", "", "{}", '{"id":1}', "constructor");
  const type = pick("block_actions", "view_submission", "shortcut", "message_action");
  return {
    type,
    team: { id: team, domain: "x" },
    user: { id: user, team_id: pick(team, "T0SANDBOX"), name: "bob", username: "bob" },
    api_app_id: "A0ZTBOT01",
    trigger_id: `${Math.floor(random() * 1e9)}.1.x`,
    response_url: "",
    container: { type: "message", message_ts: ts, channel_id: CHANNELS.approvals },
    channel: { id: pick(CHANNELS.approvals, CHANNELS.security), name: "x" },
    message: { ts, text: "x", user: "U0ZTBOT01", metadata: { event_payload: { id, user: PEOPLE.bob } } },
    actions: [{ type: "button", action_id: action, block_id: "b", value, action_ts: "1.1" }],
    callback_id: pick("investigate", "launcher", "request_approve", "deny", "ask"),
    view: {
      id: "V1",
      type: "modal",
      callback_id: pick("deny", "ask", "review", "break_glass", action),
      private_metadata: pick(value, JSON.stringify({ id, user: PEOPLE.bob })),
      state: { values: { reason: { reason: { type: "plain_text_input", value: "because I say so" } } } },
    },
  };
}
