import express from "express";
import type { Router } from "express";
import type { Exchange, Journal } from "./journal.ts";

/** Answer of `GET /sandbox/exchanges`. `exchanges` is left out where nothing is new since `?since=`. */
export interface ExchangeList {
  version: number;
  exchanges?: Exchange[];
}

/** What the page's inspector reads: the list, and the bodies of one exchange. Routes below `/sandbox`. */
export function createInspectorRouter(journal: Journal): Router {
  const router = express.Router();
  router.get("/exchanges", (request, response) => {
    const version = journal.version();
    const isKnown = request.query["since"] === String(version);
    const answer: ExchangeList = isKnown ? { version } : { version, exchanges: journal.list() };
    response.json(answer);
  });
  router.get("/exchanges/:id", (request, response) => {
    const bodies = journal.bodies(Number(request.params.id));
    if (bodies === undefined) response.status(404).json({ ok: false, error: "no longer kept" });
    else response.json(bodies);
  });
  router.post("/exchanges/clear", (_request, response) => {
    journal.clear();
    response.json({ ok: true });
  });
  return router;
}
