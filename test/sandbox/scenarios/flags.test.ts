import { expect, test } from "vitest";

import { readFlags } from "../../../sandbox/flags.ts";

test.each([
  [
    ["--play", "nonsense"],
    'There is no scenario "nonsense". Choose one of phished-user, false-alarm, credential-stuffing.',
  ],
  [["--pace", "soon"], `Can't read "soon" as a pace. Try --pace 8: seconds, at most 600.`],
  [["--pace", ""], `Can't read "" as a pace. Try --pace 8: seconds, at most 600.`],
  [["--port", "x"], `Can't read "x" as a port. Try --port 8788.`],
  [["--paly", "x"], "Unknown option '--paly'. npm run sandbox -- --help lists the options."],
])("%j is told in one sentence with what to type instead", (args, problem) => {
  expect(readFlags(args)).toEqual({ problem });
});

test("without flags it is the sandbox as it was, and each flag changes one thing", () => {
  const usual = { folder: null, port: 8787, http: false, stepUp: false, play: null, pace: 8 };
  expect(readFlags([])).toEqual(usual);
  expect(readFlags(["--play", "false-alarm", "--pace", "0.5"])).toEqual({
    ...usual,
    play: "false-alarm",
    pace: 0.5,
  });
});
