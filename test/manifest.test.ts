import { execSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";

import { WebClient } from "@slack/web-api";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";

import type { Deps } from "../src/deps.ts";
import { attachListeners, type ListenerHost } from "../src/listeners.ts";
import { SCOPES as LOOKED_FOR } from "../src/slack/scopes.ts";
import { ASK_MODAL } from "../src/views/request/ask-modal.ts";
import { CARD_ACTIONS } from "../src/views/card/approvals.ts";
import { DENY_MODAL } from "../src/views/request/deny-modal.ts";
import { SUMMARY_ACTIONS } from "../src/views/look-ups/user-summary.ts";

const ROOT = new URL("../", import.meta.url);

/** What Slack takes, with its limits; a key that is not here is refused, as Slack does. */
const Manifest = z.strictObject({
  display_information: z.strictObject({
    name: z.string().min(1).max(35),
    description: z.string().min(1).max(140),
    background_color: z
      .string()
      .regex(/^#[0-9a-f]{6}$/i)
      .optional(),
  }),
  features: z.strictObject({
    app_home: z.strictObject({
      home_tab_enabled: z.boolean(),
      messages_tab_enabled: z.boolean(),
      messages_tab_read_only_enabled: z.boolean(),
    }),
    bot_user: z.strictObject({
      display_name: z.string().min(1).max(80),
      always_online: z.boolean().optional(),
    }),
    slash_commands: z
      .array(
        z.strictObject({
          command: z
            .string()
            .regex(/^\/\S+$/)
            .max(32),
          description: z.string().min(1).max(2000),
          usage_hint: z.string().max(1000).optional(),
          should_escape: z.boolean().optional(),
          url: z.url().optional(),
        }),
      )
      .max(50)
      .default([]),
    shortcuts: z
      .array(
        z.strictObject({
          name: z.string().min(1).max(24),
          type: z.enum(["message", "global"]),
          callback_id: z.string().min(1).max(255),
          description: z.string().min(1).max(150),
        }),
      )
      .max(10)
      .default([]),
  }),
  oauth_config: z.strictObject({
    scopes: z.strictObject({
      bot: z.array(z.string()).min(1).max(255),
      bot_optional: z.array(z.string()).max(255).default([]),
    }),
  }),
  settings: z.strictObject({
    interactivity: z.strictObject({
      is_enabled: z.boolean(),
      request_url: z.url().optional(),
      message_menu_options_url: z.url().optional(),
    }),
    event_subscriptions: z
      .strictObject({ request_url: z.url().optional(), bot_events: z.array(z.string()).max(100) })
      .default({ bot_events: [] }),
    org_deploy_enabled: z.boolean(),
    socket_mode_enabled: z.boolean(),
    token_rotation_enabled: z.boolean(),
  }),
});

const manifest = Manifest.parse(parse(readFileSync(new URL("manifest.yml", ROOT), "utf8")));

type Pattern = string | RegExp;

/** What the bot listens to, by the kind of listener: any kind that Bolt has, also ones nobody uses now. */
function registered(): Map<string, Pattern[]> {
  const listeners = new Map<string, Pattern[]>();
  const host = new Proxy(
    {},
    {
      get: (_target, kind: string) => (pattern: Pattern) => {
        listeners.set(kind, [...(listeners.get(kind) ?? []), pattern]);
      },
    },
  );
  attachListeners(host as ListenerHost, {} as Deps);
  return listeners;
}

function hears(patterns: readonly Pattern[], id: string): boolean {
  return patterns.some((pattern) => (typeof pattern === "string" ? pattern === id : pattern.test(id)));
}

function byId(a: { callback_id: string }, b: { callback_id: string }): number {
  return a.callback_id.localeCompare(b.callback_id);
}

describe("manifest.yml and what the app listens to", () => {
  const listeners = registered();
  const of = (kind: string): Pattern[] => listeners.get(kind) ?? [];

  it("have the same slash commands", () => {
    expect(manifest.features.slash_commands.map(({ command }) => command)).toEqual(of("command"));
  });

  it("have typed text escaped, as the parser takes it to be", () => {
    expect(manifest.features.slash_commands.map((command) => command.should_escape)).toEqual([true]);
  });

  it("have interactivity when there are buttons and forms", () => {
    expect(manifest.settings.interactivity.is_enabled).toBe(of("action").length + of("view").length > 0);
  });

  it("have the same shortcuts", () => {
    const kinds = { message: "message_action", global: "shortcut" } as const;
    const named = manifest.features.shortcuts.map(({ type, callback_id }) => ({
      callback_id,
      type: kinds[type],
    }));
    expect(named.toSorted(byId)).toEqual((of("shortcut") as unknown as typeof named).toSorted(byId));
  });

  it("have the same events", () => {
    // A message is an event whose names in the manifest depend on where it is heard.
    const heard = of("event").flatMap((name) =>
      name === "message" ? ["message.channels", "message.groups"] : [String(name)],
    );
    expect(manifest.settings.event_subscriptions.bot_events.toSorted()).toEqual(heard.toSorted());
  });

  it("know no other kind of listener", () => {
    expect([...listeners.keys()].toSorted()).toEqual([
      "action",
      "command",
      "error",
      "event",
      "options",
      "shortcut",
      "view",
    ]);
  });

  it("leave no button and no form that is drawn without somebody who hears it", () => {
    for (const id of [...Object.values(SUMMARY_ACTIONS), ...Object.values(CARD_ACTIONS), "screen:user:next"])
      expect([id, hears(of("action"), id)]).toEqual([id, true]);
    for (const id of [ASK_MODAL, DENY_MODAL]) expect([id, hears(of("view"), id)]).toEqual([id, true]);
  });

  it("need no public address: Socket Mode is on and no URL is asked for", () => {
    expect(manifest.settings.socket_mode_enabled).toBe(true);
    expect(manifest.settings.interactivity.request_url).toBeUndefined();
  });
});

describe("manifest.http.yml", () => {
  const http = Manifest.parse(parse(readFileSync(new URL("manifest.http.yml", ROOT), "utf8")));

  it("is manifest.yml without Socket Mode, with the bot's one address wherever Slack asks for one", () => {
    const url = "https://zt-bot.example.com/slack/events";
    const { features, settings } = manifest;
    expect(http).toEqual({
      ...manifest,
      features: { ...features, slash_commands: features.slash_commands.map((one) => ({ ...one, url })) },
      settings: {
        ...settings,
        interactivity: { is_enabled: true, request_url: url, message_menu_options_url: url },
        event_subscriptions: { ...settings.event_subscriptions, request_url: url },
        socket_mode_enabled: false,
      },
    });
  });
});

describe(".slack/hooks.json, for the Slack CLI", () => {
  const { hooks } = JSON.parse(readFileSync(new URL(".slack/hooks.json", ROOT), "utf8")) as {
    hooks: { "get-manifest": string; start: string };
  };

  it("gives it manifest.yml as JSON, and npm start", () => {
    const told = execSync(hooks["get-manifest"], { cwd: ROOT, encoding: "utf8" });
    expect(JSON.parse(told)).toEqual(parse(readFileSync(new URL("manifest.yml", ROOT), "utf8")));
    expect(hooks.start).toBe("npm start");
  });
});

/** The bot scope that each event needs. */
const EVENT_SCOPES: Record<string, string[]> = {
  app_mention: ["app_mentions:read"],
  app_home_opened: [],
  reaction_added: ["reactions:read"],
  reaction_removed: ["reactions:read"],
  "message.channels": ["channels:history"],
  "message.groups": ["groups:history"],
};

/** The bot scopes that each method needs, as Slack documents them, for how it is used here. */
const SCOPES: Record<string, string[]> = {
  // The app-level token's own.
  "apps.connections.open": [],
  "auth.test": [],
  "canvases.access.set": ["canvases:write"],
  "canvases.create": ["canvases:write"],
  "canvases.delete": ["canvases:write"],
  "chat.getPermalink": [],
  "chat.postEphemeral": ["chat:write"],
  "chat.postMessage": ["chat:write"],
  "chat.update": ["chat:write"],
  // For public and private channels, and direct messages with the bot.
  "conversations.history": ["channels:history", "groups:history", "im:history"],
  // For public and private approvals channels.
  "conversations.info": ["channels:read", "groups:read"],
  "conversations.open": ["im:write"],
  "conversations.replies": ["channels:history", "groups:history", "im:history"],
  "files.info": ["files:read"],
  "files.uploadV2": ["files:write"],
  "usergroups.list": ["usergroups:read"],
  "usergroups.users.list": ["usergroups:read"],
  // The second one for the address in a profile.
  "users.info": ["users:read", "users:read.email"],
  "users.getPresence": ["users:read"],
  "users.lookupByEmail": ["users:read.email"],
  "views.open": [],
  "views.publish": [],
  "views.push": [],
  "views.update": [],
};

/** Every method of the Web API that the client has: `chat.postMessage`, `usergroups.users.list`. */
function methodsOf(node: object, path: string[] = []): string[] {
  return Object.entries(node).flatMap(([name, value]: [string, unknown]) => {
    if (typeof value === "function") return path.length === 0 ? [] : [[...path, name].join(".")];
    return typeof value === "object" && value !== null && path.length < 4 && name !== "logger"
      ? methodsOf(value, [...path, name])
      : [];
  });
}

/** The methods that the code in src calls, found by their names. */
function methodsCalled(): string[] {
  const known = new Set(methodsOf(new WebClient()));
  const code = globSync("src/**/*.ts", { cwd: ROOT }).map((file) =>
    readFileSync(new URL(file, ROOT), "utf8"),
  );
  // `slack.chat.update(…)`, or by name: `slack.paginate("conversations.history", …)`.
  const found = code.flatMap((text) =>
    Array.from(text.matchAll(/\b([a-z]\w*(?:\s*\.\s*\w+)+)\s*\(|"([a-z]+(?:\.\w+)+)"/g), ([, chain, name]) =>
      (chain ?? name ?? "").replaceAll(/\s/g, "").split("."),
    ),
  );
  // `deps.slack.interactive.views.open` ends in the method's name; of several names the longest is meant.
  const called = found.flatMap(
    (chain) =>
      chain.map((_part, index) => chain.slice(index).join(".")).find((name) => known.has(name)) ?? [],
  );
  return [...new Set(called)].toSorted();
}

describe("the bot scopes", () => {
  const { bot: scopes, bot_optional: optional } = manifest.oauth_config.scopes;
  const called = methodsCalled();

  it("are known for every method that the code calls, and for no other", () => {
    expect(Object.keys(SCOPES).toSorted()).toEqual(called);
  });

  it("are those that the doctor looks for, which has no manifest beside it", () => {
    expect(Object.keys(LOOKED_FOR).toSorted()).toEqual(scopes.toSorted());
  });

  it("are those that the code needs and no others, each once", () => {
    const needed = new Set(called.flatMap((method) => SCOPES[method] ?? []));
    for (const event of manifest.settings.event_subscriptions.bot_events)
      for (const scope of EVENT_SCOPES[event] ?? [`of ${event}`]) needed.add(scope);
    // Slash commands and shortcuts need one of their own.
    expect([...scopes, ...optional].toSorted()).toEqual([...needed, "commands"].toSorted());
  });
});
