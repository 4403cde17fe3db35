import { headNews } from "../../../src/views/record.ts";
import { recordAlarm } from "../../../src/views/record.ts";
import { pausedAnswer, pausedNews, resumedAnswer, resumedNews } from "../../../src/views/request/pause.ts";
import { unprovenAlarm } from "../../../src/views/request/unproven.ts";
import { BOB, CAROL, LINK, MINUTE, NOW, request } from "../story.ts";

const PAUSE = { by: CAROL, reason: "We are testing the new policy.", at: NOW - 12 * MINUTE };

/** What everyone in the approvals channel reads, and the answers to `/zt pause` and `/zt resume`. */
export const CHANNEL = {
  paused: pausedNews(PAUSE),
  resumed: resumedNews(PAUSE, BOB, NOW),
  "pause-answer": pausedAnswer(PAUSE, { isFirst: true, isTold: true }),
  "pause-answer-not-posted": pausedAnswer(PAUSE, { isFirst: true, isTold: false }),
  "pause-answer-already": pausedAnswer(PAUSE, { isFirst: false, isTold: false }),
  "resume-answer": resumedAnswer(PAUSE, { isTold: true }, NOW),
  "resume-answer-not-posted": resumedAnswer(PAUSE, { isTold: false }, NOW),
  "resume-answer-not-paused": resumedAnswer(null, { isTold: false }, NOW),
  "record-signed": headNews({
    kind: "head",
    seq: 4711,
    line: "zt-bot head v1 4711 6f1d0c7be1a9c42d6f4f0e9c610a8d5b 3045",
  }),
  "record-rewritten": headNews({ kind: "broken", seq: 4711 }),
  "record-contradicts-its-copy": recordAlarm("row 4711 was forwarded with another hash"),
  "request-not-proven": unprovenAlarm(request("approved"), LINK, [
    "the request is approved, but the record has no approval",
  ]),
};
