/** What a scenario is made of: steps that a person takes, or that come by themselves, and how the guide knows that one is done. */
import type { CloudflareEmulator } from "../cloudflare/index.ts";
import type { Slack } from "../slack/index.ts";

/** What the steps are taken on, and what they look at. */
export interface Scene {
  slack: Slack;
  cloudflare: CloudflareEmulator;
  /** Epoch milliseconds: when the scenario began. What Slack showed before is none of it. */
  startedAt: number;
  /** Epoch milliseconds: when the step in hand began. */
  since: number;
  /** Aborted when the scenario ends, also before its time. */
  signal: AbortSignal;
}

/** Where in Slack one looks, and as whom. */
export interface Place {
  user: string;
  channel: string;
  /** The ts of a thread's first message. */
  thread?: string | undefined;
}

export interface Step {
  title: string;
  /** Why it is done, or why it comes. */
  why: string;
  /** How to do it oneself; for a step that comes by itself, what to wait for. */
  byHand: string;
  /** What is typed, where it is a line for the message field. May need what is there by then, as an id. */
  types?: (scene: Scene) => string;
  /** What to look at once it is done. */
  look: string;
  where: (scene: Scene) => Place;
  /** Before anyone takes the step. */
  prepare?: (scene: Scene) => void;
  /** Takes the step, as a person would. Absent where it comes by itself. @throws Error in words, where that can't be */
  act?: (scene: Scene) => Promise<void>;
  /** Whether it is done, by a person or by the guide. Looked at after every change, so it has to be quick. */
  isDone: (scene: Scene) => boolean;
}

export interface Scenario {
  title: string;
  /** What it is about, in a sentence. */
  about: string;
  /** Makes the world so that it can begin, also for the second time. */
  setUp: (scene: Scene) => void;
  steps: readonly Step[];
  /** What it showed. */
  moral: string;
}
