import type { ReactElement } from "react";
import type { PersonChannel, SlackPerson } from "../../../slack/types.ts";
import { Avatar } from "./avatar.tsx";
import type { Unread } from "./use-unread.ts";

/** Who one is. Not a bot, and no one who is deactivated. */
export function PeopleSwitch(props: {
  people: SlackPerson[];
  current: string;
  onSwitch: (user: string) => void;
}): ReactElement {
  const people = props.people.filter((person) => !person.isBot && !person.deleted);
  return (
    <div className="people" role="radiogroup" aria-label="You are">
      {people.map((person) => (
        <label key={person.id} className="person">
          <input
            type="radio"
            name="person"
            checked={person.id === props.current}
            onChange={() => props.onSwitch(person.id)}
          />
          <Avatar name={person.realName} color={person.avatarColor} />
          <PersonName name={person.realName} />
        </label>
      ))}
    </div>
  );
}

/** On a phone only the first name shows; it is always read out in full. */
function PersonName({ name }: { name: string }): ReactElement {
  const [first, ...rest] = name.split(" ");
  return (
    <span className="person-name">
      {first}
      {rest.length > 0 && <span className="person-rest"> {rest.join(" ")}</span>}
    </span>
  );
}

export function ChannelList(props: {
  channels: PersonChannel[];
  current: string | undefined;
  unread: Unread;
  onSelect: (channel: string) => void;
}): ReactElement {
  const groups = [
    { title: "Channels", channels: props.channels.filter((channel) => channel.kind !== "im") },
    { title: "Direct messages", channels: props.channels.filter((channel) => channel.kind === "im") },
  ];
  return (
    <>
      {groups.map((group) => (
        <section key={group.title}>
          <h2>{group.title}</h2>
          <ul>
            {group.channels.map((channel) => (
              <li key={channel.id}>
                <button
                  type="button"
                  className="channel"
                  aria-current={channel.id === props.current ? "page" : undefined}
                  data-unread={props.unread.has(channel.id) || undefined}
                  onClick={() => props.onSelect(channel.id)}
                >
                  <span aria-hidden="true" className="channel-mark">
                    {channelMarks[channel.kind]}
                  </span>
                  {channel.name}
                  <UnreadBadge count={props.unread.get(channel.id) ?? 0} />
                </button>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </>
  );
}

function UnreadBadge({ count }: { count: number }): ReactElement | null {
  if (count === 0) return null;
  return (
    <span className="unread">
      {count > 99 ? "99+" : count}
      <span className="visually-hidden"> new</span>
    </span>
  );
}

const channelMarks = { channel: "#", private: "🔒", im: "●" };

/** How a channel is called in headings and labels. */
export function channelTitle(channel: PersonChannel): string {
  return channel.kind === "im" ? channel.name : `#${channel.name}`;
}
