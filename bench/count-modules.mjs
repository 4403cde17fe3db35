import { registerHooks } from "node:module";

// Preloaded with --import: writes how many modules a start reads, as `modules=N` on stderr, when the process ends.
let modules = 0;
registerHooks({
  load(url, context, next) {
    if (url.startsWith("file:")) modules += 1;
    return next(url, context);
  },
});
process.on("exit", () => process.stderr.write(`modules=${modules}\n`));
