import express from "express";
import type { Response, Router } from "express";
import * as z from "zod";
import type { Delivery, Slack } from "./types.ts";
import { toText } from "./text/to-text.ts";

/** Changes that come together are sent together. */
const coalesceMs = 30;
const keepAliveMs = 15_000;

const user = z.string().min(1);
const place = {
  user,
  channel: z.string().optional(),
  ts: z.string().optional(),
  viewId: z.string().optional(),
  actionId: z.string(),
  blockId: z.string().optional(),
};

const values = z.record(z.string(), z.record(z.string(), z.unknown()));

const command = z.object({ user, channel: z.string(), text: z.string(), command: z.string().optional() });
const action = z.object({ ...place, value: z.unknown().optional(), values: values.optional() });
const suggest = z.object({ ...place, value: z.string() });
const submit = z.object({ user, viewId: z.string(), values });
const closeView = z.object({ user, viewId: z.string() });
const home = z.object({ user, tab: z.enum(["home", "messages"]).optional() });
const message = z.object({
  user,
  channel: z.string(),
  text: z.string().min(1),
  threadTs: z.string().optional(),
});

const own = { user, channel: z.string(), ts: z.string() };
const edit = z.object({ ...own, text: z.string().min(1) });
const remove = z.object(own);
const reaction = z.object({ ...own, name: z.string().min(1), isRemoved: z.boolean().optional() });

/** With a message it is one of the message shortcuts, without one of the global ones. */
const shortcut = z.union([
  z.object({ user, callbackId: z.string(), channel: z.string(), ts: z.string() }),
  z.object({ user, callbackId: z.string() }),
]);

/** What the web page uses: the same doors that tests go through, over HTTP, for one person at a time. */
export function createControlRouter(slack: Slack, isPerson: (user: string) => boolean): Router {
  const router = express.Router();
  router.use(express.json({ limit: "1mb" }));

  router.get("/state", (request, response) => {
    const who = toText(request.query["user"]);
    if (!isPerson(who)) {
      response.status(404).json({ ok: false, error: "user_not_found" });
      return;
    }
    response.json(slack.state(who));
  });

  router.get("/events", (request, response) => {
    const who = toText(request.query["user"]);
    if (!isPerson(who)) {
      response.status(404).json({ ok: false, error: "user_not_found" });
      return;
    }
    stream(slack, who, response);
  });

  handle(router, "/command", command, async (input) => toAnswer(await slack.command(input)));
  handle(router, "/action", action, async (input) => toAnswer(await slack.click(input)));
  handle(router, "/submit", submit, async (input) => toAnswer(await slack.submitView(input)));
  handle(router, "/close-view", closeView, async (input) => toAnswer(await slack.closeView(input)));
  handle(router, "/home", home, async (input) => toAnswer(await slack.openHome(input)));
  handle(router, "/message", message, async (input) => {
    const { ts } = await slack.post(input);
    return { ok: true, ts };
  });
  handle(router, "/edit", edit, async (input) => toAnswers(await slack.edit(input)));
  handle(router, "/remove", remove, async (input) => toAnswers(await slack.remove(input)));
  handle(router, "/reaction", reaction, async (input) => toAnswers(await slack.react(input)));
  handle(router, "/shortcut", shortcut, async (input) =>
    toAnswer(await ("ts" in input ? slack.messageShortcut(input) : slack.globalShortcut(input))),
  );
  handle(router, "/options", suggest, async (input) => {
    const delivery = await slack.suggest(input);
    return { ...toAnswer(delivery), options: delivery.options };
  });
  return router;
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

function handle<T>(
  router: Router,
  path: string,
  schema: z.ZodType<T>,
  run: (input: Defined<T>) => Promise<Record<string, unknown>>,
): void {
  router.post(path, (request, response) => {
    const parsed = schema.safeParse(request.body);
    if (!parsed.success) {
      response.status(400).json({ ok: false, error: z.prettifyError(parsed.error) });
      return;
    }
    // JSON has no undefined: what is optional is there or it is not.
    run(parsed.data as Defined<T>).then(
      (answer) => response.json(answer),
      (error: unknown) => response.json({ ok: false, error: toMessage(error) }),
    );
  });
}

function toMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function toAnswer(delivery: Delivery): Record<string, unknown> {
  const { ok, error, errors } = delivery;
  return { ok, ...(error === undefined ? {} : { error }), ...(errors === undefined ? {} : { errors }) };
}

/** Of what the app may not have heard of at all. */
function toAnswers([first]: Delivery[]): Record<string, unknown> {
  return first === undefined ? { ok: true } : toAnswer(first);
}

/** Server-sent events: the whole state at connect and after each change. */
function stream(slack: Slack, user: string, response: Response): void {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  const send = (): void => {
    response.write(`event: state\ndata: ${JSON.stringify(slack.state(user))}\n\n`);
  };
  let timer: NodeJS.Timeout | undefined;
  const stop = slack.on("change", () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      send();
    }, coalesceMs);
  });
  const keepAlive = setInterval(() => response.write(": still here\n\n"), keepAliveMs);
  response.on("close", () => {
    stop();
    clearTimeout(timer);
    clearInterval(keepAlive);
  });
  send();
}
