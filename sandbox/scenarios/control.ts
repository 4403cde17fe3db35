import express from "express";
import type { Router } from "express";
import * as z from "zod";
import { SCENARIOS } from "./index.ts";
import type { Player } from "./player.ts";

const Wish = z.discriminatedUnion("do", [
  z.object({
    do: z.literal("start"),
    scenario: z.enum(SCENARIOS),
    mode: z.enum(["playing", "paused"]),
  }),
  z.object({ do: z.enum(["play", "pause", "step", "stop"]) }),
  z.object({ do: z.literal("pace"), seconds: z.number().min(0).max(600) }),
]);

/**
 * What the page's guide reads and asks for: `GET` and `POST /sandbox/guide`.
 *
 * @param onSeen told when a page has the guide in sight.
 */
export function createGuideRouter(player: Player, onSeen: () => void = () => {}): Router {
  const router = express.Router();
  router.get("/guide", (_request, response) => {
    onSeen();
    response.json(player.state());
  });
  router.post("/guide", express.json(), (request, response) => {
    const wish = Wish.safeParse(request.body);
    if (!wish.success) {
      response.status(400).json({ ok: false, error: z.prettifyError(wish.error) });
      return;
    }
    const { data } = wish;
    if (data.do === "start") player.start(data.scenario, data.mode);
    else if (data.do === "pace") player.setPace(data.seconds);
    else player[data.do]();
    response.json({ ok: true });
  });
  return router;
}
