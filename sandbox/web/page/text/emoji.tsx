import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import { Message } from "slack-blocks-to-jsx";

let characterOf = (name: string): string => name;

/** The character for one of Slack's emoji names, or undefined for a name Slack does not know. */
export function findEmoji(name: string): string | undefined {
  const character = characterOf(name);
  return character === name ? undefined : character;
}

/**
 * Makes the emoji names known; call once before the first render.
 *
 * slack-blocks-to-jsx carries the table of Slack's own names (`large_green_circle`), but hands it out only through its
 * emoji hook; so one message is rendered aside to get hold of it.
 */
export function loadEmoji(): void {
  const root = createRoot(document.createElement("div"));
  const elements = [
    { type: "rich_text_section" as const, elements: [{ type: "emoji" as const, name: "wave" }] },
  ];
  flushSync(() => {
    root.render(
      <Message
        withoutWrapper
        logo=""
        name=""
        blocks={[{ type: "rich_text", elements }]}
        hooks={{
          emoji: (_data, parse) => {
            characterOf = (name) => parse({ name });
            return null;
          },
        }}
      />,
    );
  });
  root.unmount();
}
