import type { ReactElement } from "react";

/** What to do first, for someone who has never seen the bot. */
export function EmptyChannel(props: {
  title: string;
  command: string;
  onTry: (text: string) => void;
}): ReactElement {
  const first = [
    { text: `${props.command} help`, about: "everything the bot can do" },
    { text: `${props.command} user mallory@example.com`, about: "who this is and what they have open" },
  ];
  return (
    <div className="empty">
      <h3>Nothing in {props.title} yet</h3>
      <p>Type a command below, or start with one of these:</p>
      <ul>
        {first.map(({ text, about }) => (
          <li key={text}>
            <button type="button" className="empty-try" onClick={() => props.onTry(text)}>
              <code>{text}</code>
              <span>{about}</span>
            </button>
          </li>
        ))}
      </ul>
      <p>To approve a request, switch to another person next to the workspace’s name.</p>
    </div>
  );
}
