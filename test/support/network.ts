import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

import { onTestFinished } from "vitest";

/** What lies between here and a server, and what it does with connections. */
export interface Network {
  /** The server's URL through this network. */
  url: string;
  /** Takes every byte from now on and passes none on, in either direction; nobody is told. `false`: passes on what comes. */
  swallow(isSwallowing: boolean): void;
  /** Cuts every connection and refuses new ones, until `restore`. */
  cut(): Promise<void>;
  restore(): Promise<void>;
}

/** A network of one's own in front of a database. Closed when the test ends. */
export async function startNetwork(url: string): Promise<Network> {
  const { hostname, port } = new URL(url);
  let isSwallowing = false;
  const ends = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(port || 5432), hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      ends.add(from);
      from.on("data", (data) => isSwallowing || to.write(data));
      from.on("error", () => {});
      from.on("close", () => {
        ends.delete(from);
        to.destroy();
      });
    }
  });
  async function listen(at: number): Promise<void> {
    server.listen(at, "127.0.0.1");
    await once(server, "listening");
  }
  function close(): void {
    server.close();
    for (const end of ends) end.destroy();
  }
  await listen(0);
  onTestFinished(close);
  const { port: own } = server.address() as AddressInfo;
  const through = new URL(url);
  through.hostname = "127.0.0.1";
  through.port = String(own);
  return {
    url: through.href,
    swallow(swallows) {
      isSwallowing = swallows;
    },
    async cut() {
      const closed = once(server, "close");
      close();
      await closed;
    },
    restore: () => listen(own),
  };
}
