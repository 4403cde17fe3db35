/**
 * Loaded before the bot by `--import`: all that it knows of time goes so many times as fast, from one moment on that
 * every process of a test shares: the clock, timers, and how long things took. Cloudflare's emulator takes the same clock.
 */
import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers";
import promises from "node:timers/promises";

const scale = Number(process.env["CLOCK_SCALE"]);
const from = Number(process.env["CLOCK_FROM"]);
const RealDate = Date;
const realNow = Date.now.bind(Date);
const now = () => Math.floor(from + (realNow() - from) * scale);

globalThis.Date = class extends RealDate {
  constructor(...args) {
    super(...(args.length === 0 ? [now()] : args));
  }
  static now() {
    return now();
  }
};

const ticks = performance.now.bind(performance);
performance.now = () => ticks() * scale;

for (const name of ["setTimeout", "setInterval"]) {
  const real = globalThis[name];
  const scaled = (run, ms = 1, ...args) => real(run, ms / scale, ...args);
  // What util.promisify makes of it.
  for (const symbol of Object.getOwnPropertySymbols(real)) scaled[symbol] = promises[name];
  globalThis[name] = scaled;
  timers[name] = scaled;
}
const { setTimeout: sleep, setInterval: tick } = promises;
promises.setTimeout = (ms = 1, ...args) => sleep(ms / scale, ...args);
promises.setInterval = (ms = 1, ...args) => tick(ms / scale, ...args);
// AbortSignal.timeout stays as it is: how long an answer may take is a matter of this machine.
syncBuiltinESMExports();
