import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSlack } from "../../../sandbox/slack/index.ts";
import type { Shown, Slack } from "../../../sandbox/slack/index.ts";
import { alice, general, section, workspaceOptions } from "./support.ts";

let slack: Slack;
beforeAll(async () => {
  slack = await startSlack(workspaceOptions({ linkEmails: true }));
});
afterAll(() => slack.close());

/** What the app is sent for this text; nobody answers, which does not matter here. */
async function sentText(text: string, to = slack): Promise<unknown> {
  const { request } = await to.command({ user: alice, channel: general, text });
  return request?.payload["text"];
}

describe("the text of a slash command", () => {
  it.each([
    ["user <b> & co", "user &lt;b&gt; &amp; co"],
    ["user @bob", "user <@U0BOB|bob>"],
    ["ask @Bob.", "ask <@U0BOB|bob>."],
    ["@zt-bot in #general, (#secops)", "<@U0BOT|zt-bot> in <#C0GENERAL|general>, (<#G0SECOPS|>)"],
    ["@approvers @nobody #nowhere", "<!subteam^S0APPROVERS|@approvers> @nobody #nowhere"],
    ["user mallory@example.com", "user <mailto:mallory@example.com|mallory@example.com>"],
    ["  padded  ", "padded"],
    ["revoke “mallory” —reason", "revoke “mallory” —reason"],
  ])("%s arrives as %s", async (typed, sent) => {
    expect(await sentText(typed)).toBe(sent);
  });

  it("carries emails bare unless told otherwise", async () => {
    const bare = await startSlack(workspaceOptions());
    expect(await sentText("user bob@corp.com", bare)).toBe("user bob@corp.com");
    await bare.close();
  });
});

describe("the visible text", () => {
  it.each<[string, Shown, string]>([
    ["is the text where there are no blocks", { text: "*a* &amp; <@U0BOB>", blocks: [] }, "a & @bob"],
    ["is the blocks where there are some", { text: "t", blocks: [section("b")] }, "b"],
    [
      "shows mentions, links and dates as a reader sees them",
      {
        blocks: [
          section(
            "<#C0GENERAL> <!here> <!subteam^S0APPROVERS> <https://a.b|site> <mailto:x@y.z|x@y.z> <!date^1^{date}|1970>",
          ),
        ],
      },
      "#general @here @approvers site x@y.z 1970",
    ],
    ["leaves underscores in names alone", { text: "_so_ a_b_c `code`", blocks: [] }, "so a_b_c code"],
    [
      "shows labels of buttons and fields",
      {
        blocks: [
          {
            type: "section",
            fields: [{ type: "plain_text", text: "f" }],
            accessory: { type: "button", action_id: "a", text: { type: "plain_text", text: "Go" } },
          },
        ],
      },
      "f\nGo",
    ],
    [
      "shows tables and rich text",
      {
        blocks: [
          {
            type: "table",
            rows: [
              [
                { type: "raw_text", text: "a" },
                {
                  type: "rich_text",
                  elements: [
                    {
                      type: "rich_text_section",
                      elements: [
                        { type: "text", text: "b " },
                        { type: "user", user_id: "U0BOB" },
                      ],
                    },
                  ],
                },
              ],
            ],
          },
        ],
      },
      "a\nb @bob",
    ],
    [
      "shows a view's title and buttons",
      { title: { text: "T" }, submit: { text: "Send" }, close: null, blocks: [section("x")] },
      "T\nx\nSend",
    ],
    [
      "keeps closed menus closed",
      {
        blocks: [
          {
            type: "actions",
            elements: [
              {
                type: "static_select",
                placeholder: { type: "plain_text", text: "Pick" },
                options: [{ text: { type: "plain_text", text: "hidden" }, value: "h" }],
              },
            ],
          },
        ],
      },
      "Pick",
    ],
  ])("%s", (_name, shown, text) => {
    expect(slack.visibleText(shown)).toBe(text);
  });
});
