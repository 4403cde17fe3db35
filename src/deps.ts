import type { KeyObject } from "node:crypto";

import type { Cloudflare } from "./api/cloudflare.ts";
import type { OnRun } from "./commands/registry.ts";
import type { Log } from "./log/log.ts";
import type { Report } from "./ops/doctor/results.ts";
import type { PolicyCheck } from "./ops/policy-check.ts";
import type { PolicySource } from "./policy-file.ts";
import type { Engine } from "./engine.ts";
import type { ReadApproverRisk } from "./approvals/approver-risk.ts";
import type { Home } from "./home/home.ts";
import type { SlackClients } from "./slack/clients.ts";
import type { Channels } from "./slack/channels.ts";
import type { Directory } from "./slack/directory.ts";
import type { Db } from "./store/open.ts";

/** Everything a command or a click may use, made in one place (app.ts) and passed down. */
export interface Deps {
  log: Log;
  /** Epoch milliseconds. */
  now(): number;
  policy: PolicySource;
  /** What the policy is warned of. */
  policyCheck: Pick<PolicyCheck, "findings">;
  /** Told of each subcommand that ran. */
  onRun: OnRun;
  /** Looks for what is wrong with this installation: ten seconds at most, and never rejects. */
  doctor(): Promise<Report>;
  cloudflare: Cloudflare;
  slack: SlackClients;
  directory: Directory;
  channels: Channels;
  /** Whether who decides is at risk themselves. */
  approverRisk: ReadApproverRisk;
  db: Db;
  /** Under which the secrets of authenticators are sealed; null: nobody can set one up. */
  stepUpKey: KeyObject | null;
  engine: Engine;
  /** Everyone's App Home. */
  home: Home;
  /** The workspace the bot is installed in: nobody from elsewhere has a say. */
  homeTeamId: string;
}

/** Which of Slack's surfaces somebody used. */
export type Surface =
  | "command"
  | "button"
  /** A button of a direct message, and of the App Home. */
  | "direct message"
  | "home"
  | "form"
  | "menu"
  | "mention"
  | "message shortcut"
  | "reaction"
  | "global shortcut";

/** Who clicked or typed, and where: a Slack user of a Slack workspace. */
export interface Asker {
  userId: string;
  /** The workspace that Slack named with it: in an Enterprise organization any one of the user's. */
  teamId: string;
  /** The Enterprise organization, where there is one. */
  enterpriseId?: string;
  /** null where Slack says none: a form belongs to no channel. */
  channelId: string | null;
  surface: Surface;
}
