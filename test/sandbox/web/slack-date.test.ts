import { expect, test } from "vitest";
import { formatSlackDate } from "../../../sandbox/web/page/text/slack-date.ts";

// Tuesday, 14 November 2023, 22:13:20 UTC.
const moment = 1_700_000_000;
const reader = { timeZone: "America/New_York", now: (moment + 3 * 3600) * 1000 };

test.each([
  ["{date_num}", "2023-11-14"],
  ["{date_slash}", "11/14/2023"],
  ["{date_short}", "Nov 14, 2023"],
  ["{date}", "November 14, 2023"],
  ["{date_long}", "Tuesday, November 14, 2023"],
  ["{date_short_pretty} at {time}", "Today at 5:13 PM"],
  ["on {date_pretty}", "on today"],
  ["{time_secs}", "5:13:20 PM"],
  ["{ago}", "3 hours ago"],
  ["{unknown}", "{unknown}"],
])("%s is shown in the reader's zone as %s", (format, expected) => {
  expect(formatSlackDate(moment, format, reader)).toBe(expected);
});

test("what is still today in New York is already tomorrow in Tokyo", () => {
  const tokyo = { timeZone: "Asia/Tokyo", now: moment * 1000 };
  expect(formatSlackDate(moment, "{date_num} {time}", tokyo)).toBe("2023-11-15 7:13 AM");
  expect(formatSlackDate(moment - 12 * 3600, "{date_short_pretty}", tokyo)).toBe("Yesterday");
});
