import { createRoot } from "react-dom/client";
import "./style/index.ts";
import type { ReactElement } from "react";
import { Blocks } from "./blocks/blocks.tsx";
import { MessageView } from "./chat/message.tsx";
import { findProblems } from "./find-problems.ts";
import type { PictureContent, PictureFindings, PictureRequest } from "./picture-request.ts";
import { loadEmoji } from "./text/emoji.tsx";
import { type Workspace, WorkspaceContext } from "./workspace.ts";

declare global {
  interface Window {
    /** For `renderPicture`, once it is drawn. */
    findPictureProblems: () => PictureFindings;
  }
}

loadEmoji();
const request = JSON.parse(decodeURIComponent(location.hash.slice(1))) as PictureRequest;

const workspace: Workspace = {
  reader: { timeZone: request.timeZone, now: request.now },
  me: "",
  domain: "",
  bot: request.bot,
  people: request.people.map((person) => ({ name: person.realName, email: "", ...person })),
  channels: [],
  userGroups: request.userGroups,
  commands: [],
  subcommands: [],
  shortcuts: [],
  hearsMentions: false,
};

function Content({ content }: { content: PictureContent }): ReactElement {
  if ("home" in content)
    return (
      <div className="picture-home message-body">
        <Blocks blocks={content.home} />
      </div>
    );
  return (
    <>
      {content.messages.map((message) => (
        <MessageView key={message.ts} message={message} />
      ))}
    </>
  );
}

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <WorkspaceContext value={workspace}>
      <div className="picture" style={{ width: request.width }}>
        <Content content={request.content} />
      </div>
    </WorkspaceContext>,
  );
}

window.findPictureProblems = () => {
  const picture = document.querySelector<HTMLElement>(".picture");
  return picture === null ? { firstLine: "", problems: ["Nothing is drawn."] } : findProblems(picture);
};
