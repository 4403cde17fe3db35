import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

import { explainListening } from "./start-error.ts";

/**
 * Has a server listen; port 0 is any free one. `settings`: which name the place.
 * @returns where it listens, without a path. @throws StartError where that can't be.
 */
export async function listen(
  server: Server,
  place: { port: number; host: string },
  settings: { port: string; host: string },
): Promise<string> {
  try {
    await once(server.listen(place.port, place.host), "listening");
  } catch (error) {
    throw explainListening(error, place, settings);
  }
  const { host } = place;
  const { port } = server.address() as AddressInfo;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
