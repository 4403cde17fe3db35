/** Loaded before the bot by `--import`: as if its machine's clock were off by so many milliseconds. */
const shift = Number(process.env["CLOCK_SHIFT_MS"]);
const real = Date.now.bind(Date);
globalThis.Date = class extends Date {
  constructor(...args) {
    super(...(args.length === 0 ? [real() + shift] : args));
  }
  static now() {
    return real() + shift;
  }
};
