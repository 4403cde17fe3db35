import { once } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { createFileRouter } from "./api/files.ts";
import { createApiRouter } from "./api/serve.ts";
import { createControlRouter } from "./control.ts";
import { retryEvent, transmit } from "./delivery/deliver.ts";
import { createSockets } from "./delivery/socket.ts";
import type { Sockets } from "./delivery/socket.ts";
import { createFaults } from "./trouble/faults.ts";
import { findMessage, listMessages, listReplies, removeMessage } from "./messages.ts";
import { editAsPerson, removeAsPerson } from "./people/change.ts";
import { clickElement, clickStaleElement } from "./people/click.ts";
import { runCommand } from "./people/command.ts";
import { openHome } from "./people/home.ts";
import { closeView, submitView } from "./people/modal.ts";
import { postAsPerson } from "./people/post.ts";
import { checkShortcuts, runGlobalShortcut, runMessageShortcut } from "./people/shortcut.ts";
import { askOptions } from "./people/suggest.ts";
import { react } from "./people/react.ts";
import { createRates } from "./trouble/rates.ts";
import { createSaver, loadData } from "./persist.ts";
import { personState } from "./state.ts";
import type {
  Delivery,
  SentRequest,
  Slack,
  SlackChannel,
  SlackOptions,
  SlackPerson,
  SlackUserGroup,
} from "./types.ts";
import { viewStack } from "./views.ts";
import { visibleText } from "./text/visible-text.ts";
import { createWaiting } from "./waiting.ts";
import { dmChannel, emptyData, findPerson } from "./workspace.ts";
import type { Workspace } from "./workspace.ts";

export type * from "./types.ts";

/**
 * Starts a local Slack workspace: the Web API, Socket Mode or signed requests to the app, the limits of Block Kit, and
 * the control API for the web page. Resolves once it listens.
 */
export async function startSlack(options: SlackOptions): Promise<Slack> {
  checkShortcuts(options.shortcuts ?? []);
  const data = loadData(options.dataFile);
  const saver = createSaver(options.dataFile, data);
  const waiting = createWaiting();
  const app = express();
  const server = createServer(app);
  server.listen(options.port ?? 0, options.host ?? "127.0.0.1");
  await once(server, "listening");
  const workspace: Workspace = {
    options,
    delivery: options.delivery,
    data,
    people: structuredClone(options.people),
    channels: structuredClone(options.channels),
    tokenError: null,
    calls: [],
    violations: [],
    faults: createFaults(options.now ?? Date.now),
    rates: createRates(options.now ?? Date.now),
    baseUrl: addressOf(server, options.host),
    now: options.now ?? Date.now,
    changed() {
      saver.schedule();
      waiting.emit();
    },
  };
  const sockets = createSockets(workspace, server);
  const slack = createSlack(workspace, sockets, waiting, async () => {
    sockets.close();
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    saver.flush();
  });
  app.disable("x-powered-by");
  app.use(createFileRouter(workspace));
  app.use(createApiRouter(workspace, sockets));
  app.use(
    "/sandbox",
    createControlRouter(slack, (user) => findPerson(workspace, user) !== undefined),
  );
  options.mount?.(app);
  return slack;
}

function createSlack(
  workspace: Workspace,
  sockets: Sockets,
  waiting: ReturnType<typeof createWaiting>,
  close: () => Promise<void>,
): Slack {
  const { data } = workspace;
  const slack: Slack = {
    url: workspace.baseUrl,
    apiUrl: `${workspace.baseUrl}/api/`,
    calls: workspace.calls,
    violations: workspace.violations,
    faults: workspace.faults,
    rates: workspace.rates,
    command: (input) => runCommand(workspace, sockets, input),
    click: (input) => clickElement(workspace, sockets, input),
    clickStale: (input) => clickStaleElement(workspace, sockets, input),
    suggest: (input) => askOptions(workspace, sockets, input),
    submitView: (input) => submitView(workspace, sockets, input),
    closeView: (input) => closeView(workspace, sockets, input),
    messageShortcut: (input) => runMessageShortcut(workspace, sockets, input),
    globalShortcut: (input) => runGlobalShortcut(workspace, sockets, input),
    openHome: (input) => openHome(workspace, sockets, input),
    post: (input) => postAsPerson(workspace, sockets, input),
    edit: (input) => editAsPerson(workspace, sockets, input),
    remove: (input) => removeAsPerson(workspace, sockets, input),
    react: (input) => react(workspace, sockets, input),
    replay: async (delivery) => await transmit(workspace, sockets, requestOf(delivery)),
    retry: async (delivery, retry) => await retryEvent(workspace, sockets, requestOf(delivery), retry),
    messages: (channel) => listMessages(workspace, channel),
    thread: (channel, ts) => listReplies(workspace, channel, ts),
    ephemerals: (user, channel) =>
      data.messages.filter(
        (message) => message.ephemeralTo === user && (channel === undefined || message.channel === channel),
      ),
    views: (user) => viewStack(workspace, user),
    home: (user) => data.homes.find((view) => view.user === user),
    notices: (user) => data.notices.filter((notice) => notice.user === user),
    state(user) {
      const state = personState(workspace, user);
      if (state === undefined) throw new Error(`There is no ${user} in this workspace.`);
      return state;
    },
    visibleText: (shown) => visibleText(workspace, shown),
    waitFor: (predicate, timeoutMs) =>
      waiting.waitFor(
        () => predicate(slack),
        timeoutMs,
        () => describe(workspace),
      ),
    dm: dmChannel,
    setDelivery(delivery) {
      workspace.delivery = delivery;
    },
    get connections() {
      return sockets.count();
    },
    disconnectSockets: (reason = "refresh_requested", times) => sockets.disconnect(reason, times),
    sendRaw: (message) => sockets.sendRaw(message),
    setPerson: (id, change) => changePerson(workspace, id, change),
    setUserGroup: (id, change) => changeUserGroup(workspace, id, change),
    setChannel: (id, change) => changeChannel(workspace, id, change),
    deleteMessage: (channel, ts) => deleteAsAdmin(workspace, channel, ts),
    setTokenError(error) {
      workspace.tokenError = error;
    },
    reset: () => forget(workspace),
    on: (_event, listener) => waiting.on(listener),
    close,
  };
  return slack;
}

function forget(workspace: Workspace): void {
  const { calls, channels, data, faults, options, people, rates, violations } = workspace;
  // In place: tests and the other parts hold on to these.
  Object.assign(data, { ...emptyData(), lastTs: data.lastTs });
  calls.splice(0);
  violations.splice(0);
  people.splice(0, people.length, ...structuredClone(options.people));
  channels.splice(0, channels.length, ...structuredClone(options.channels));
  workspace.tokenError = null;
  faults.clear();
  rates.clear();
  workspace.changed();
}

function requestOf({ request }: Delivery): SentRequest {
  if (request === undefined)
    throw new Error("Nothing was sent to the app, so there is nothing to send again.");
  return request;
}

/** The last calls, for the message of a wait that was in vain. */
function describe(workspace: Workspace): string {
  const calls = workspace.calls.slice(-8).map((call) => {
    const outcome = call.response?.["ok"] === false ? String(call.response["error"]) : String(call.status);
    return `${call.method} ${outcome}`;
  });
  return `the app's last calls: ${calls.join(", ") || "none"}`;
}

function changePerson(workspace: Workspace, id: string, change: Partial<SlackPerson>): void {
  const person = findPerson(workspace, id);
  if (person === undefined) workspace.people.push({ name: id, realName: id, email: "", ...change, id });
  else Object.assign(person, change);
  workspace.changed();
}

function changeUserGroup(workspace: Workspace, id: string, change: Partial<SlackUserGroup>): void {
  const { userGroups } = workspace.options;
  const group = userGroups.find((each) => each.id === id);
  if (group === undefined) userGroups.push({ handle: id, users: [], ...change, id });
  else Object.assign(group, change);
  workspace.changed();
}

function changeChannel(workspace: Workspace, id: string, change: Partial<SlackChannel>): void {
  const channel = workspace.channels.find((each) => each.id === id);
  if (channel === undefined) workspace.channels.push({ name: id.toLowerCase(), members: [], ...change, id });
  else Object.assign(channel, change);
  workspace.changed();
}

function deleteAsAdmin(workspace: Workspace, channel: string, ts: string): void {
  const message = findMessage(workspace, channel, ts);
  if (message === undefined) throw new Error(`There is no message ${ts} in ${channel}.`);
  removeMessage(workspace, message);
}

function addressOf(server: Server, host = "127.0.0.1"): string {
  return `http://${host === "0.0.0.0" ? "127.0.0.1" : host}:${(server.address() as AddressInfo).port}`;
}
