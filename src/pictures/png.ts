import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import type * as Canvas from "@napi-rs/canvas";

import type { Drawing, Shape } from "./sign-ins.ts";

/** For screens with two pixels in each direction for one. */
const SCALE = 2;
const FONT = "zt-bot";
const FONT_FILE = "@fontsource/inter/files/inter-latin-400-normal.woff2";

let loading: ReturnType<typeof loadCanvas> | undefined;

/** The canvas and its font: loaded with the first picture, as it takes 20 MB, and a host need not have any font. */
async function loadCanvas(): Promise<typeof Canvas> {
  const canvas = await import("@napi-rs/canvas");
  canvas.GlobalFonts.register(await readFile(fileURLToPath(import.meta.resolve(FONT_FILE))), FONT);
  return canvas;
}

/** A drawing as the bytes of a PNG file. */
export async function renderPng({ width, height, shapes }: Drawing): Promise<Buffer> {
  loading ??= loadCanvas();
  const { createCanvas } = await loading;
  const canvas = createCanvas(width * SCALE, height * SCALE);
  const context = canvas.getContext("2d");
  context.scale(SCALE, SCALE);
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, width, height);
  for (const shape of shapes) draw(context, shape);
  return canvas.encode("png");
}

function draw(context: Canvas.SKRSContext2D, shape: Shape): void {
  context.fillStyle = shape.color;
  context.strokeStyle = shape.color;
  context.lineWidth = 1;
  context.setLineDash([]);
  switch (shape.kind) {
    case "text":
      context.font = `${shape.size}px ${FONT}`;
      context.textAlign = shape.align ?? "left";
      context.fillText(shape.text, shape.x, shape.y);
      return;
    case "line":
      if (shape.dashed === true) context.setLineDash([3, 3]);
      return stroke(context, [[shape.x1, shape.y1, shape.x2, shape.y2]]);
    case "cross": {
      const { x, y, r } = shape;
      context.lineWidth = 2;
      return stroke(context, [
        [x - r, y - r, x + r, y + r],
        [x - r, y + r, x + r, y - r],
      ]);
    }
    case "dot":
    case "ring":
      context.beginPath();
      context.arc(shape.x, shape.y, shape.r, 0, 2 * Math.PI);
      return shape.kind === "dot" ? context.fill() : context.stroke();
  }
}

function stroke(
  context: Canvas.SKRSContext2D,
  lines: readonly (readonly [number, number, number, number])[],
): void {
  context.beginPath();
  for (const [x1, y1, x2, y2] of lines) {
    context.moveTo(x1, y1);
    context.lineTo(x2, y2);
  }
  context.stroke();
}
