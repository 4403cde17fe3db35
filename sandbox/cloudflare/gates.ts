/** Gates that hold calls at a chosen point, so that a test can do something (kill the client) exactly there. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Answer, Call, Layer } from "./exchange.ts";
import type { FaultRoute } from "./faults.ts";

export interface Hold {
  /** Resolves when the first call has been received in full and stands at the gate. */
  arrived: Promise<void>;
  /** Lets what waits (and all that comes later) through. */
  release: () => void;
  /** How many calls stand at the gate. */
  readonly waiting: number;
}

export interface HoldOptions {
  /**
   * What becomes of a call whose client has gone away before `release()`: by default its effect is not applied; with
   * `applyIfGone` it is.
   */
  applyIfGone?: boolean;
}

export interface Gates {
  /** Holds every call of the route before its effect. */
  hold: (route: FaultRoute, options?: HoldOptions) => Hold;
  /** Lets the effect happen and holds the answer back. */
  holdAnswer: (route: FaultRoute) => Hold;
}

interface Gate {
  route: FaultRoute;
  arrive: () => void;
  opened: Promise<void>;
  waiting: number;
  applyIfGone: boolean;
}

export function createGates(): { gates: Gates; layer: Layer } {
  const before = new Set<Gate>();
  const after = new Set<Gate>();

  function addGate(gates: Set<Gate>, route: FaultRoute, applyIfGone: boolean): Hold {
    const arrived = Promise.withResolvers<void>();
    const opened = Promise.withResolvers<void>();
    const gate: Gate = { route, arrive: arrived.resolve, opened: opened.promise, waiting: 0, applyIfGone };
    gates.add(gate);
    return {
      arrived: arrived.promise,
      release() {
        gates.delete(gate);
        opened.resolve();
      },
      get waiting() {
        return gate.waiting;
      },
    };
  }

  const layer: Layer = async (call, next) => {
    for (const gate of findGates(before, call)) {
      await waitAt(gate);
      // The kernel knows at once that a killed client is gone; let the event loop hear of it before deciding.
      for (let turn = 0; turn < 3; turn += 1) await nextTurn();
      if (call.isGone() && !gate.applyIfGone) return { kind: "cut" } satisfies Answer;
    }
    const answer = await next();
    for (const gate of findGates(after, call)) await waitAt(gate);
    return answer;
  };

  return {
    gates: {
      hold: (route, options) => addGate(before, route, options?.applyIfGone ?? false),
      holdAnswer: (route) => addGate(after, route, false),
    },
    layer,
  };
}

function findGates(gates: ReadonlySet<Gate>, call: Call): Gate[] {
  return [...gates].filter((gate) => gate.route === "*" || gate.route === call.route.name);
}

async function waitAt(gate: Gate): Promise<void> {
  gate.waiting += 1;
  gate.arrive();
  await gate.opened;
  gate.waiting -= 1;
}
