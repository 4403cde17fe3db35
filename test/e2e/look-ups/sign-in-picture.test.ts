import { loadImage } from "@napi-rs/canvas";
import { describe, expect, it } from "vitest";

import { answerTo, askToRevoke, PEOPLE } from "../../support/harness.ts";
import { approve, startScene, type Scene } from "../support.ts";

const MALLORY = "mallory@example.com";

interface ImageBlock {
  type: string;
  slack_file?: { id: string };
  alt_text?: string;
}

function imageIn({ slack }: Scene): ImageBlock | undefined {
  const blocks = slack
    .ephemerals(PEOPLE.alice)
    .flatMap((message) => message.blocks as unknown as ImageBlock[]);
  return blocks.findLast(({ type }) => type === "image");
}

describe("the picture of sign-ins", () => {
  it("follows the answer, is in Slack before it is shown, and says the same in its alt text", async () => {
    const scene = await startScene();
    const { slack } = scene;
    await answerTo(slack, PEOPLE.alice, `sign-ins ${MALLORY}`);
    const image = await slack.waitFor(() => imageIn(scene));
    expect(image.alt_text).toMatch(/17 denied/);
    const answer = await fetch(`${slack.url}/files/${image.slack_file?.id ?? ""}`);
    const png = await loadImage(Buffer.from(await answer.arrayBuffer()));
    expect(png.width).toBe(720);
    expect(slack.violations).toEqual([]);
  });

  it("marks the revocation, and knows the countries of before it", async () => {
    const scene = await startScene();
    const { slack } = scene;
    await approve(slack, await askToRevoke(slack));
    await answerTo(slack, PEOPLE.alice, `sign-ins ${MALLORY}`);
    const image = await slack.waitFor(() => imageIn(scene));
    expect(image.alt_text).toMatch(/Access revoked .* ago\./);
    expect(image.alt_text).toMatch(/ BR, /);
  });

  it("is told in words where the app may not upload files", async () => {
    const scene = await startScene();
    const { slack } = scene;
    slack.faults.set("files.getUploadURLExternal", { error: "missing_scope" });
    await answerTo(slack, PEOPLE.alice, `sign-ins ${MALLORY}`);
    const words = await slack.waitFor(() =>
      slack
        .ephemerals(PEOPLE.alice)
        .map((message) => slack.visibleText(message))
        .find((text) => text.includes("Sign-ins in the last 24 hours.")),
    );
    expect(words).toContain("17 denied");
  });
});
