import type { AnyBlock, ModalView } from "@slack/types";

/** A believable answer to `/zt user`, with one of every kind of block the bot uses. */
export const summaryBlocks: AnyBlock[] = [
  { type: "header", text: { type: "plain_text", text: ":rotating_light: Mallory Marsh — high risk" } },
  {
    type: "section",
    text: {
      type: "mrkdwn",
      text: "*mallory@example.com* · `f174e90a-fafe-4643-bbbc-4a0ed4fc8415`\nSeats: Access, Gateway · last login <!date^1699999700^{date_short_pretty} at {time}|22:08 UTC>",
    },
  },
  {
    type: "section",
    block_id: "identity",
    fields: [
      { type: "mrkdwn", text: "*IdP*\nOkta · 7 groups" },
      { type: "mrkdwn", text: "*Address*\n203.0.113.9 (:flag-kp: KP)" },
      { type: "mrkdwn", text: "*Device*\nMM-MacBook · WARP on" },
      { type: "mrkdwn", text: "*Posture*\n3 passed, *2 failed*: disk encryption, OS version" },
    ],
    accessory: {
      type: "overflow",
      action_id: "more",
      options: [
        { text: { type: "plain_text", text: "Copy the id" }, value: "copy" },
        { text: { type: "plain_text", text: "Show the identity" }, value: "identity" },
      ],
    },
  },
  { type: "divider" },
  {
    type: "rich_text",
    elements: [
      {
        type: "rich_text_section",
        elements: [
          { type: "text", text: "3 active sessions", style: { bold: true } },
          { type: "text", text: " on 5 apps; the display name is " },
          { type: "text", text: "<!channel> *Eve*", style: { code: true } },
        ],
      },
      {
        type: "rich_text_list",
        style: "bullet",
        elements: [
          { type: "rich_text_section", elements: [{ type: "text", text: "Grafana, GitLab: since 09:12" }] },
          { type: "rich_text_section", elements: [{ type: "text", text: "Payroll: since 22:01" }] },
        ],
      },
    ],
  },
  {
    type: "table",
    column_settings: [{ is_wrapped: true }, {}, { align: "right" }],
    rows: [
      ["Apps", "Until", "Logins"].map((text) => ({ type: "raw_text" as const, text })),
      [
        { type: "raw_text", text: "Grafana, GitLab" },
        { type: "raw_text", text: "22:45" },
        { type: "raw_text", text: "4" },
      ],
      [
        { type: "raw_text", text: "<!here> Payroll <https://evil.example|bank>" },
        { type: "raw_text", text: "23:10" },
        { type: "raw_text", text: "1" },
      ],
    ],
  },
  {
    type: "container",
    title: { type: "plain_text", text: "Devices and posture" },
    subtitle: { type: "plain_text", text: "2 devices" },
    is_collapsible: true,
    default_collapsed: true,
    child_blocks: [
      { type: "section", text: { type: "mrkdwn", text: "MM-MacBook: WARP is on" } },
      { type: "context", elements: [{ type: "mrkdwn", text: "MM-iPhone was last seen in May" }] },
    ],
  },
  {
    type: "section",
    text: {
      type: "mrkdwn",
      text: "Escaped: &lt;!channel&gt; at 12:30:45, ~not~ `<code>` from <@U0BOB00001>",
    },
  },
  { type: "context", elements: [{ type: "mrkdwn", text: "Checked at 22:13:20 UTC · ray `8a1b2c3d`" }] },
  {
    type: "actions",
    block_id: "decide",
    elements: [
      {
        type: "button",
        action_id: "revoke",
        text: { type: "plain_text", text: "Revoke…" },
        accessibility_label: "End all sessions of mallory@example.com",
        style: "danger",
        value: "r1",
        confirm: {
          title: { type: "plain_text", text: "End all sessions?" },
          text: { type: "mrkdwn", text: "This ends *3 sessions* of mallory@example.com." },
          confirm: { type: "plain_text", text: "End them" },
          deny: { type: "plain_text", text: "Keep them" },
          style: "danger",
        },
      },
      {
        type: "button",
        action_id: "share",
        text: { type: "plain_text", text: "Share" },
        style: "primary",
        value: "r1",
      },
      {
        type: "button",
        action_id: "open",
        text: { type: "plain_text", text: "Open in the dashboard" },
        url: "https://dash.example.com/",
      },
      {
        type: "static_select",
        action_id: "period",
        placeholder: { type: "plain_text", text: "Period" },
        options: [
          { text: { type: "plain_text", text: "24 hours" }, value: "24h" },
          { text: { type: "plain_text", text: "7 days" }, value: "7d" },
        ],
      },
    ],
  },
];

export const revokeView: ModalView = {
  type: "modal",
  callback_id: "revoke",
  title: { type: "plain_text", text: "Revoke sessions" },
  submit: { type: "plain_text", text: "Ask for approval" },
  close: { type: "plain_text", text: "Not now" },
  blocks: [
    {
      type: "alert",
      level: "warning",
      text: { type: "mrkdwn", text: "This is *not* a ban: they can log in again." },
    },
    {
      type: "input",
      block_id: "who",
      label: { type: "plain_text", text: "Email" },
      element: { type: "email_text_input", action_id: "email", initial_value: "mallory@example.com" },
    },
    {
      type: "input",
      block_id: "why",
      label: { type: "plain_text", text: "Reason" },
      hint: { type: "plain_text", text: "Everybody in the approvals channel reads it." },
      element: { type: "plain_text_input", action_id: "reason", multiline: true, max_length: 300 },
    },
    {
      type: "input",
      block_id: "options",
      optional: true,
      label: { type: "plain_text", text: "Also" },
      element: {
        type: "checkboxes",
        action_id: "also",
        options: [
          { text: { type: "mrkdwn", text: "Revoke *all* devices" }, value: "devices" },
          {
            text: { type: "plain_text", text: "Ask WARP to log in again" },
            value: "warp",
            description: { type: "plain_text", text: "Where the client allows it" },
          },
        ],
      },
    },
    {
      type: "input",
      block_id: "urgency",
      label: { type: "plain_text", text: "Urgency" },
      element: {
        type: "radio_buttons",
        action_id: "urgency",
        initial_option: { text: { type: "plain_text", text: "Now" }, value: "now" },
        options: [
          { text: { type: "plain_text", text: "Now" }, value: "now" },
          { text: { type: "plain_text", text: "Today" }, value: "today" },
        ],
      },
    },
    {
      type: "input",
      block_id: "period",
      label: { type: "plain_text", text: "Period" },
      element: {
        type: "static_select",
        action_id: "period",
        options: [
          { text: { type: "plain_text", text: "24 hours" }, value: "24h" },
          { text: { type: "plain_text", text: "7 days" }, value: "7d" },
        ],
      },
    },
    {
      type: "input",
      block_id: "witness",
      optional: true,
      label: { type: "plain_text", text: "Witness" },
      element: { type: "users_select", action_id: "witness" },
    },
  ],
};
