import { createRoot } from "react-dom/client";
import "slack-blocks-to-jsx/dist/style.css";
import "./style/index.css";
import type { StoredMessage } from "../../slack/types.ts";
import { loadEmoji } from "./text/emoji.tsx";
import { MessageView } from "./chat/message.tsx";
import type { PictureRequest } from "./picture-request.ts";
import { type Workspace, WorkspaceContext } from "./workspace.ts";

loadEmoji();
const request = JSON.parse(decodeURIComponent(location.hash.slice(1))) as PictureRequest;

const workspace: Workspace = {
  reader: { timeZone: request.timeZone, now: request.now },
  me: "",
  domain: "",
  bot: { userId: "UBOT", name: request.name },
  people: request.people.map((person) => ({ name: person.realName, email: "", ...person })),
  channels: [],
  userGroups: request.userGroups,
  commands: [],
  subcommands: [],
  shortcuts: [],
  hearsMentions: false,
};

const message: StoredMessage = {
  ts: (request.now / 1000).toFixed(6),
  channel: "C0",
  user: "UBOT",
  botId: "BBOT",
  text: "",
  blocks: request.blocks,
  replyCount: 0,
  history: [],
  ...(request.ephemeral && { ephemeralTo: "U0" }),
};

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <WorkspaceContext value={workspace}>
      <div className="picture" style={{ width: request.width }}>
        <MessageView message={message} />
      </div>
    </WorkspaceContext>,
  );
}
