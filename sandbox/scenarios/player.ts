import type { CloudflareEmulator } from "../cloudflare/index.ts";
import type { Slack } from "../slack/index.ts";
import { createScenarios, SCENARIOS, type ScenarioName } from "./index.ts";
import type { Place, Scenario, Scene, Step } from "./scenario.ts";

/** What the guide shows. */
export interface GuideState {
  scenarios: { name: ScenarioName; title: string; about: string; steps: number }[];
  /** Null where none has been started. */
  playing: Playing | null;
  /** Seconds to read a step before the guide takes it. */
  pace: number;
}

export interface Playing {
  name: ScenarioName;
  title: string;
  moral: string;
  steps: ShownStep[];
  /** Of the step in hand; as many as there are steps when all are done. */
  current: number;
  /** "playing": the guide takes each step after a while. "paused": only when asked to. */
  mode: "playing" | "paused";
  /** The guide takes the step right now. */
  isActing: boolean;
  /** Why the last try came to nothing. */
  trouble: string | null;
  /** Where the step in hand is to be seen, and as whom. */
  place: Place;
}

export interface ShownStep extends Pick<Step, "title" | "why" | "byHand" | "look"> {
  /** Told of the step in hand only. */
  types: string | null;
  /** It comes by itself: there is nothing to take. */
  isAutomatic: boolean;
  doneBy: "guide" | "you" | null;
}

export interface Player {
  state(): GuideState;
  /** Begins a scenario, in the place of one that is under way. */
  start(name: ScenarioName, mode: Playing["mode"]): void;
  play(): void;
  pause(): void;
  /** Takes the step in hand now, and no other. */
  step(): void;
  setPace(seconds: number): void;
  stop(): void;
  /** Resolves when the scenario under way is over: with false where it was stopped, or another one begun. */
  finished(): Promise<boolean>;
}

/** What is told as it plays, for those who watch a terminal. */
export interface Telling {
  began(step: ShownStep, index: number, of: number): void;
  done(step: ShownStep): void;
  trouble(what: string): void;
}

interface Run {
  playing: Playing;
  scene: Scene;
  abort: AbortController;
  finished: Promise<boolean>;
  /** The step in hand has stood there long enough to be read. */
  isRead: boolean;
  /** Someone has asked for the step in hand. */
  isWanted: boolean;
}

interface PlayerOptions {
  slack: Slack;
  cloudflare: CloudflareEmulator;
  /** Seconds. */
  pace: number;
  telling?: Telling;
  /** Milliseconds after which a step whose effect has not come is said to be in trouble. */
  patienceMs?: number;
}

const PATIENCE_MS = 90_000;

/**
 * Plays scenarios in the sandbox: takes their steps as people would, waits until each is done, by a person or by the guide,
 * and can be paused before any of them.
 */
export function createPlayer(options: PlayerOptions): Player {
  const { slack, cloudflare, telling, patienceMs = PATIENCE_MS } = options;
  const scenarios = createScenarios({ cloudflare });
  const listeners = new Set<() => void>();
  let pace = options.pace;
  let run: Run | null = null;

  function changed(): void {
    for (const listener of listeners) listener();
  }
  slack.on("change", changed);
  cloudflare.on("change", changed);

  /** Resolves once this holds, tried now and after every change. */
  function until({ signal }: AbortController, holds: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    function check(): void {
      try {
        signal.throwIfAborted();
        if (!holds()) return;
        resolve();
      } catch (error) {
        reject(error);
      }
      listeners.delete(check);
      signal.removeEventListener("abort", check);
    }
    listeners.add(check);
    signal.addEventListener("abort", check);
    check();
    return promise;
  }

  async function playSteps(current: Run, scenario: Scenario): Promise<void> {
    const { playing, scene, abort } = current;
    for (const [index, step] of scenario.steps.entries()) {
      const shown = playing.steps[index] as ShownStep;
      Object.assign(scene, { since: slackNow() });
      Object.assign(playing, { current: index, trouble: null });
      Object.assign(current, { isRead: pace === 0, isWanted: false });
      step.prepare?.(scene);
      telling?.began(shown, index, playing.steps.length);
      const reading = setTimeout(() => {
        current.isRead = true;
        changed();
      }, pace * 1000);
      try {
        // One after another: each begins where the one before has led.
        // oxlint-disable-next-line no-await-in-loop
        shown.doneBy = await takeStep(current, step);
      } finally {
        clearTimeout(reading);
      }
      telling?.done(shown);
      changed();
      abort.signal.throwIfAborted();
    }
    playing.current = scenario.steps.length;
    changed();
  }

  async function takeStep(current: Run, step: Step): Promise<"guide" | "you"> {
    const { playing, scene, abort } = current;
    const { act } = step;
    const isDone = (): boolean => step.isDone(scene);
    const isDue = (): boolean =>
      current.isWanted || (playing.mode === "playing" && current.isRead && playing.trouble === null);
    if (act === undefined) {
      await waitPatiently(current, () => isDone() && (playing.mode === "paused" || isDue()));
      return "guide";
    }
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- each try follows the one before
      await until(abort, () => isDone() || isDue());
      if (isDone()) return "you";
      current.isWanted = false;
      playing.trouble = null;
      playing.isActing = true;
      changed();
      try {
        // oxlint-disable-next-line no-await-in-loop
        await act(scene);
        // oxlint-disable-next-line no-await-in-loop
        await waitPatiently(current, isDone);
        return "guide";
      } catch (error) {
        abort.signal.throwIfAborted();
        fail(current, toMessage(error));
      } finally {
        playing.isActing = false;
        changed();
      }
    }
  }

  /** As long as it takes; after a while it is said that it takes long. */
  async function waitPatiently(current: Run, holds: () => boolean): Promise<void> {
    const timer = setTimeout(
      () => fail(current, "This takes longer than it should. The inspector shows what zt-bot does."),
      patienceMs,
    );
    try {
      await until(current.abort, holds);
    } finally {
      clearTimeout(timer);
    }
  }

  function fail({ playing }: Run, trouble: string): void {
    playing.trouble = trouble;
    telling?.trouble(trouble);
    changed();
  }

  /** By the clock of messages, a moment back: what is posted from here on is newer. */
  function slackNow(): number {
    return Date.now() - 1;
  }

  return {
    state: () => ({
      scenarios: SCENARIOS.map((name) => {
        const { title, about, steps } = scenarios[name];
        return { name, title, about, steps: steps.length };
      }),
      playing: run && show(run, scenarios[run.playing.name]),
      pace,
    }),
    start(name, mode) {
      run?.abort.abort();
      const scenario = scenarios[name];
      const abort = new AbortController();
      const scene: Scene = { slack, cloudflare, startedAt: 0, since: 0, signal: abort.signal };
      scenario.setUp(scene);
      scene.startedAt = slackNow();
      const playing = begin(name, scenario, mode);
      const current: Run = {
        playing,
        scene,
        abort,
        finished: Promise.resolve(false),
        isRead: false,
        isWanted: false,
      };
      run = current;
      current.finished = playSteps(current, scenario).then(
        () => true,
        (error: unknown) => {
          if (!abort.signal.aborted) fail(current, toMessage(error));
          return false;
        },
      );
      changed();
    },
    play() {
      if (run === null) return;
      Object.assign(run.playing, { mode: "playing", trouble: null });
      changed();
    },
    pause() {
      if (run === null) return;
      run.playing.mode = "paused";
      changed();
    },
    step() {
      if (run === null) return;
      run.isWanted = true;
      changed();
    },
    setPace(seconds) {
      pace = seconds;
      changed();
    },
    stop() {
      run?.abort.abort();
      run = null;
      changed();
    },
    finished: () => run?.finished ?? Promise.resolve(false),
  };
}

function begin(name: ScenarioName, { title, moral, steps }: Scenario, mode: Playing["mode"]): Playing {
  return {
    name,
    title,
    moral,
    steps: steps.map(({ title, why, byHand, look, act }) => ({
      title,
      why,
      byHand,
      look,
      types: null,
      isAutomatic: act === undefined,
      doneBy: null,
    })),
    current: 0,
    mode,
    isActing: false,
    trouble: null,
    place: { user: "", channel: "" },
  };
}

function toMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** With what depends on how things stand by now: where the step in hand is seen, and what is typed for it. */
function show({ playing, scene }: Run, { steps }: Scenario): Playing {
  const current = Math.min(playing.current, steps.length - 1);
  const { where, types } = steps[current] as Step;
  return {
    ...playing,
    steps: playing.steps.map((step, index) =>
      index === current && types !== undefined ? { ...step, types: types(scene) } : step,
    ),
    place: where(scene),
  };
}
