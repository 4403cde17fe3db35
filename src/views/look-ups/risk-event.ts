import type { RiskScore } from "../../api/cloudflare.ts";
import { compact } from "../../compact.ts";
import { readRiskDetails, type Place } from "../../lookup/risk/details.ts";
import { richCell, type Cell } from "../cells.ts";
import { duration, escape, named, utc, when } from "../text.ts";

type RiskEvent = RiskScore["events"][number];

/** Words from outside and moments, to be drawn as mrkdwn or as a cell. */
type Phrase = readonly (string | { at: number })[];

const MAX_WORDS = 220;
const MAX_PAIRS = 8;
const MAX_PLACES = 4;

/** What happened in one sentence, in mrkdwn: `Impossible travel: GB (192.0.2.44) → BR (203.0.113.199) within 5 h`. */
export function riskEventText(event: RiskEvent): string {
  return phraseOf(event)
    .map((part) => (typeof part === "string" ? escapeKeepingEdges(part) : when(part.at)))
    .join("");
}

/** The same as a cell of a table, with `mark` before it. */
export function riskEventCell(mark: string, event: RiskEvent): Cell {
  const parts = phraseOf(event).map((part) =>
    typeof part === "string"
      ? ({ type: "text", text: part } as const)
      : ({
          type: "date",
          timestamp: Math.floor(part.at / 1000),
          format: "{date_short_pretty} {time}",
          fallback: utc(part.at),
        } as const),
  );
  return richCell({ type: "text", text: mark }, ...parts);
}

/** Blanks at the edges hold the parts of a phrase apart; escaping would trim them. */
function escapeKeepingEdges(part: string): string {
  const [, before = "", words = "", after = ""] = /^(\s*)(.*?)(\s*)$/s.exec(part) ?? [];
  return `${before}${escape(words, MAX_WORDS)}${after}`;
}

function phraseOf({ name, details }: RiskEvent): Phrase {
  const title = named(name, "Unnamed event", 80);
  const read = readRiskDetails(title, details);
  if (read === null) return [title];
  const told =
    read.kind === "journey" ? journeyPhrase(read.places, read.betweenMs) : pairsPhrase(read.pairs, title);
  const words = told.filter((part) => part !== "");
  return words.length === 0 ? [title] : [`${title}: `, ...words];
}

/** `GB (192.0.2.44) → BR (203.0.113.199) within 5 h` */
function journeyPhrase(places: readonly Place[], betweenMs: number | null): Phrase {
  return [
    ...places
      .slice(0, MAX_PLACES)
      .flatMap((place, index) => [index === 0 ? "" : " → ", ...placePhrase(place)]),
    betweenMs === null ? "" : ` within ${duration(betweenMs)}`,
  ];
}

function placePhrase({ country, city, ip, at }: Place): Phrase {
  const where = compact(city !== null && word(city), country !== null && word(country)).join(", ");
  const address = ip === null ? "" : where === "" ? word(ip) : ` (${word(ip)})`;
  return at === null ? [`${where}${address}`] : [`${where}${address}, `, { at }];
}

/** `user agent: curl, attempts: 14`. The only key is left out where the title says it. */
function pairsPhrase(
  all: readonly { key: string; value: string | number | boolean; at: number | null }[],
  title: string,
): Phrase {
  const isSaid = (key: string) => key === "count" || ` ${title.toLowerCase()} `.includes(` ${key} `);
  const pairs = all.length === 1 ? all.map((one) => (isSaid(one.key) ? { ...one, key: "" } : one)) : all;
  const shown = pairs.slice(0, MAX_PAIRS).flatMap(({ key, value, at }, index) => {
    const before = `${index === 0 ? "" : ", "}${key === "" ? "" : `${word(key)}: `}`;
    return at === null ? [`${before}${word(String(value))}`] : [before, { at }];
  });
  const left = pairs.length - MAX_PAIRS;
  return left > 0 ? [...shown, `, and ${left} more`] : shown;
}

function word(text: string): string {
  return named(text.replaceAll(/[{}[\]"]/g, " "), "unknown", 80);
}
