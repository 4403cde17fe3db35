import { openWorld, type WorldOptions } from "../sandbox/world.ts";
import { monotonicMs } from "./monotonic.ts";

/** What the process that measures asks of this one. */
export type Asked = { kind: "open"; options: WorldOptions } | { kind: "calls" } | { kind: "close" };

/** A call to Cloudflare, from its arrival here to its answer; milliseconds of `monotonicMs`. */
export interface CloudflareCall {
  name: string;
  detail: string;
  from: number;
  to: number;
}

/** What this process tells. */
export type Told =
  | { kind: "opened"; env: Record<string, string>; slackUrl: string; cloudflareUrl: string }
  | { kind: "answered"; id: string; at: number }
  | { kind: "calls"; calls: CloudflareCall[] };

/** Where answers to commands arrive, each with the id of its command. */
const ANSWERS = "/bench/answers";

let close = (): Promise<void> => Promise.resolve();
let calls: CloudflareCall[] = [];

process.on("message", (asked: Asked) => {
  if (asked.kind === "open") void open(asked.options);
  else if (asked.kind === "calls") tell({ kind: "calls", calls: calls.splice(0) });
  else void close().then(() => process.disconnect());
});
// Who measures is gone.
process.once("disconnect", () => void close().then(() => process.exit(0)));

async function open(options: WorldOptions): Promise<void> {
  const world = await openWorld({
    ...options,
    observe({ way, name, detail }) {
      if (way !== "bot-to-cloudflare") return () => {};
      const call = { name, detail, from: monotonicMs(), to: Infinity };
      calls.push(call);
      return () => void (call.to = monotonicMs());
    },
    mount(app) {
      app.post(`${ANSWERS}/:id`, (request, response) => {
        request.resume().once("end", () => {
          tell({ kind: "answered", id: request.params.id, at: monotonicMs() });
          response.send("ok");
        });
      });
    },
  });
  close = () => world.close();
  const { env, slack, cloudflare } = world;
  tell({ kind: "opened", env, slackUrl: slack.url, cloudflareUrl: cloudflare.url });
}

function tell(told: Told): void {
  // Who measures may be gone.
  if (process.connected) process.send?.(told);
}
