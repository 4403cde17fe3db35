import { once } from "node:events";
import type { AddressInfo } from "node:net";
import express, { type Express, type Response } from "express";
import type { Delivery, PersonState } from "../../../sandbox/slack/types.ts";
import { buildPage, mountPage } from "../../../sandbox/web/serve.ts";
import { people, startState } from "./fake-workspace.ts";

export interface Posted {
  path: string;
  body: Record<string, unknown>;
}

/** The control API as the page sees it: states that a test sets, and what the page posted. */
export interface FakeControl {
  url: string;
  posted: Posted[];
  world: { users: unknown[]; faults: unknown[]; requests: unknown[] };
  /** Changes one person's workspace and sends it to their page. */
  change(user: string, edit: (state: PersonState) => void): void;
  /** What the next POST to a path is answered with; `hold` keeps the answer back until it is resolved. */
  answer(path: string, delivery: Delivery, hold?: Promise<void>): void;
  close(): Promise<void>;
}

export async function startFakeControl(): Promise<FakeControl> {
  const app = express();
  const states = new Map(people.map((person) => [person.id, startState(person.id)]));
  const streams = new Map<Response, string>();
  const answers = new Map<string, { delivery: Delivery; hold: Promise<void> | undefined }>();
  const control: FakeControl = {
    url: "",
    posted: [],
    world: {
      users: [
        {
          email: "mallory@example.com",
          name: "Mallory Marsh",
          story: "High risk: impossible travel, 17 failed logins",
        },
        { email: "quiet@example.com", name: "Quinn Quiet", story: "Nothing at all: no sessions, no devices" },
      ],
      faults: [],
      requests: [
        {
          method: "GET",
          path: "/client/v4/accounts/0123/access/users?email=mallory%40example.com",
          status: 200,
          at: 1,
        },
        {
          method: "POST",
          path: "/client/v4/accounts/0123/access/organizations/revoke_user",
          status: 429,
          at: 2,
        },
      ],
    },
    change(user, edit) {
      const state = structuredClone(stateOf(states, user));
      edit(state);
      states.set(user, state);
      for (const [stream, reader] of streams) if (reader === user) send(stream, state);
    },
    answer(path, delivery, hold) {
      answers.set(path, { delivery, hold });
    },
    close: async () => {},
  };

  serveState(app, states, streams);
  app.get("/sandbox/world", (_request, response) => {
    response.json(control.world);
  });
  // oxlint-disable-next-line oxc/no-async-endpoint-handlers -- Express 5 takes care of a rejection
  app.post("/sandbox/*path", express.json(), async (request, response) => {
    control.posted.push({ path: request.path, body: request.body as Record<string, unknown> });
    const prepared = answers.get(request.path);
    answers.delete(request.path);
    await prepared?.hold;
    response.json(prepared?.delivery ?? { ok: true });
  });
  mountPage(app, await buildPage());

  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  control.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  control.close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return control;
}

function serveState(app: Express, states: Map<string, PersonState>, streams: Map<Response, string>): void {
  app.get("/sandbox/events", (request, response) => {
    const { user = people[0]?.id ?? "" } = request.query as { user?: string };
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    streams.set(response, user);
    send(response, stateOf(states, user));
    response.on("close", () => {
      streams.delete(response);
    });
  });
}

function send(stream: Response, state: PersonState): void {
  stream.write(`event: state\ndata: ${JSON.stringify(state)}\n\n`);
}

function stateOf(states: Map<string, PersonState>, user: string): PersonState {
  const state = states.get(user);
  if (state === undefined) throw new Error(`no such person: ${user}`);
  return state;
}
