import type { PictureFindings } from "./picture-request.ts";

/** What Slack puts around each message: it is the same every time. */
const chrome = ".avatar, .message-head, .message-note, .message-foot, .message-edited, .visually-hidden";

/** A line of so many words says something, and once is enough. */
const fewestWords = 4;

/** Looks at a picture as it is drawn: what runs off its side, what is cut off, and what it says twice. */
export function findProblems(picture: HTMLElement): PictureFindings {
  const lines = readLines(picture);
  return {
    firstLine: lines[0] ?? "",
    problems: [...findOverflow(picture), ...findCut(picture), ...findTwice(lines)],
  };
}

function findOverflow(picture: HTMLElement): string[] {
  const edge = picture.getBoundingClientRect().right;
  const over = [...picture.querySelectorAll<HTMLElement>("*")].filter(
    (element) =>
      isSeen(element) &&
      element.closest(chrome) === null &&
      element.closest(".table-frame table") === null &&
      element.getBoundingClientRect().right > edge + 1,
  );
  return over.slice(0, 1).map((element) => `${quote(element)} runs off the side of the picture.`);
}

/** Text behind an ellipsis, and columns that one has to scroll to. */
function findCut(picture: HTMLElement): string[] {
  return [...picture.querySelectorAll<HTMLElement>("*")]
    .filter(
      (element) =>
        isSeen(element) &&
        element.closest(".visually-hidden") === null &&
        getComputedStyle(element).overflowX !== "visible" &&
        element.scrollWidth > element.clientWidth + 1,
    )
    .map((element) =>
      element.classList.contains("table-frame")
        ? `A table needs ${element.scrollWidth} px and has ${element.clientWidth}: ${quote(element)}.`
        : `${quote(element)} is cut off.`,
    );
}

function findTwice(lines: string[]): string[] {
  const said = lines.filter(
    (line) => line.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length >= fewestWords,
  );
  const twice = new Set(said.filter((line, index) => said.indexOf(line) < index));
  return [...twice].map((line) => `“${line}” is said twice.`);
}

/** What one reads, a line for each block of text, without what Slack puts around it. What is folded is not read. */
function readLines(picture: HTMLElement): string[] {
  const walker = document.createTreeWalker(picture, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  const lines: string[] = [];
  let block: Element | undefined;
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    if (node instanceof Element) {
      if (node.tagName === "BR") lines.push("");
      continue;
    }
    const parent = node.parentElement;
    if (parent === null || !isSeen(parent) || parent.closest(chrome) !== null) continue;
    const nearest = blockOf(parent);
    const [first = "", ...rest] = (node.textContent ?? "").split("\n");
    if (nearest === block) lines.push(`${lines.pop() ?? ""}${first}`, ...rest);
    else lines.push(first, ...rest);
    block = nearest;
  }
  return lines.map((line) => line.replaceAll(/\s+/g, " ").trim()).filter((line) => line !== "");
}

function blockOf(element: Element): Element {
  const { parentElement: parent } = element;
  return parent !== null && getComputedStyle(element).display === "inline" ? blockOf(parent) : element;
}

function isSeen(element: Element): boolean {
  return element.checkVisibility({ visibilityProperty: true });
}

function quote(element: HTMLElement): string {
  const text = element.innerText.replaceAll(/\s+/g, " ").trim();
  return `“${text.length > 60 ? `${text.slice(0, 60)}…` : text}”`;
}
