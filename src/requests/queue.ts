import { OpenWorkflow, type Worker } from "openworkflow";
import type { Backend } from "openworkflow/internal";

import type { Log } from "../log.ts";
import type { Step } from "./steps.ts";

/** Plain data: it is kept as JSON. */
type Input = Record<string, string>;

/** A queue of durable work with the worker of this process; other processes have theirs on the same one. */
export interface Queue {
  define<T extends Input>(name: string, work: (input: T, step: Step) => Promise<void>): Work<T>;
  /** Starts the worker. Everything has to be defined by now. */
  start(): Promise<void>;
  /** Takes no new work and waits for what runs. */
  stop(): Promise<void>;
}

export interface Work<T extends Input> {
  /** Once for each key, however often it is called and wherever; begun at once if there is a place free. */
  enqueue(input: T, key: string): Promise<void>;
  /** As enqueue, not before `at`. */
  schedule(input: T, key: string, at: Date): Promise<void>;
}

export function createQueue(backend: Backend, concurrency: number, log: Log): Queue {
  const ow = new OpenWorkflow({ backend: claimInTurn(backend) });
  let worker: Worker | undefined;

  return {
    define<T extends Input>(name: string, work: (input: T, step: Step) => Promise<void>): Work<T> {
      const workflow = ow.defineWorkflow<T, void>({ name }, ({ input, step }) => work(input, step));
      return {
        async enqueue(input, key) {
          await workflow.run(input, { idempotencyKey: key });
          try {
            // An idle worker polls every second; a person is waiting.
            await worker?.tick();
          } catch (error) {
            // It is written down: the worker finds it by itself.
            log.warn({ err: error, name }, "the worker could not look for work");
          }
        },
        async schedule(input, key, at) {
          await workflow.run(input, { idempotencyKey: key, availableAt: at });
        },
      };
    },
    async start() {
      worker = ow.newWorker({ concurrency });
      await worker.start();
    },
    async stop() {
      await worker?.stop();
    },
  };
}

type Claim = Parameters<Backend["claimWorkflowRun"]>[0];
type Claimed = Awaited<ReturnType<Backend["claimWorkflowRun"]>>;

/**
 * A worker asks for work once for every free place, all at the same time, whenever one run was enqueued or ended: that
 * was hundreds of queries for each request. Here they take turns, and when one of them finds nothing, those that asked
 * with it know as much.
 */
function claimInTurn(backend: Backend): Backend {
  let waiting: { claim: Claim; answer: PromiseWithResolvers<Claimed> }[] = [];
  let isAsking = false;

  async function ask(): Promise<void> {
    while (waiting.length > 0) {
      const together = waiting;
      waiting = [];
      let found: Promise<Claimed> | undefined;
      for (const { claim, answer } of together) {
        if (found === undefined || (await isSome(found))) found = backend.claimWorkflowRun(claim);
        answer.resolve(found);
      }
      if (found !== undefined) await isSome(found);
    }
    isAsking = false;
  }

  return new Proxy(backend, {
    get(target, name) {
      if (name !== "claimWorkflowRun") return Reflect.get(target, name) as unknown;
      return (claim: Claim): Promise<Claimed> => {
        const answer = Promise.withResolvers<Claimed>();
        waiting.push({ claim, answer });
        if (!isAsking) {
          isAsking = true;
          void ask();
        }
        return answer.promise;
      };
    },
  });
}

/** False for none, and for a failure, which is told to those who asked. */
async function isSome(found: Promise<Claimed>): Promise<boolean> {
  try {
    return (await found) !== null;
  } catch {
    return false;
  }
}
