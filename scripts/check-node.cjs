"use strict";
// Runs before `npm start` on whatever Node there is: older ones know neither TypeScript nor the flags of the script, and
// what they say of them helps nobody. Plain JavaScript of the oldest kind, so that they all understand it.
var wanted = require("../package.json").engines.node.replace(">=", "");
var least = wanted.split(".").map(Number);
var here = process.versions.node.split(".").map(Number);

if (here[0] < least[0] || (here[0] === least[0] && here[1] < least[1])) {
  process.stderr.write(
    "zt-bot needs Node.js " +
      wanted +
      " or newer, and this is " +
      process.versions.node +
      " (" +
      process.execPath +
      "). Install a newer one, or run `npm ci` without --omit=dev, which brings one along.\n",
  );
  process.exit(78);
}
