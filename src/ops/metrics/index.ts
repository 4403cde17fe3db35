import type { Config } from "../../config.ts";
import type { Log } from "../../log/log.ts";
import { createCollectors, type CollectDeps } from "./collect.ts";
import { createMeter, type Meter } from "./meter.ts";
import { serveMetrics, type MetricsServer } from "./serve.ts";

export interface Metrics extends Omit<Meter, "registry"> {
  /** Serves them together with what is read at each scrape. */
  serve(at: NonNullable<Config["metrics"]>, deps: CollectDeps & { log: Log }): Promise<MetricsServer>;
}

/** Everything about metrics; loaded only where METRICS_PORT is set, as its library takes memory. */
export function createMetrics(transport: Config["slack"]["mode"]["kind"]): Metrics {
  const { registry, ...meter } = createMeter(transport);
  return {
    ...meter,
    serve(at, { log, ...deps }) {
      return serveMetrics(at, { registry, collect: createCollectors(registry, deps), log });
    },
  };
}
