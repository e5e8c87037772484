import type * as client from '@prometheus-io/client';
import { METRICS, type MetricEntry, type MetricName } from '../metrics.ts';
import type { Metrics } from '../ports.ts';

/** Metrics that somebody can look at. */
export interface ExposedMetrics extends Metrics {
  /** Of the text, for its Content-Type. */
  readonly contentType: string;
  /** Everything as Prometheus reads it, the process' own numbers included. */
  expose(): Promise<string>;
}

type Client = typeof client;

function metricOf(
  { Counter, Gauge, Histogram }: Client,
  registry: client.Registry,
  name: MetricName,
  collect: () => void | Promise<void>,
): client.Counter | client.Gauge | client.Histogram {
  const { type, help, labels, buckets }: MetricEntry = METRICS[name];
  const common = { name, help, labelNames: [...labels], registers: [registry] };
  if (type === 'counter') return new Counter(common);
  if (type === 'gauge') return new Gauge({ ...common, collect });
  return new Histogram({ ...common, ...(buckets && { buckets: [...buckets] }) });
}

/**
 * Metrics in memory. The client library takes a noticeable part of a start, so it is loaded only by whoever wants
 * metrics.
 */
export async function openMetrics(build: { readonly version: string }): Promise<ExposedMetrics> {
  const library: Client = await import('@prometheus-io/client');
  const registry = new library.Registry();
  library.collectDefaultMetrics({ register: registry });
  const known = new Map<MetricName, ReturnType<typeof metricOf>>();
  const sources = new Map<MetricName, () => Promise<void>>();

  /** A metric appears once something asks for it: what a configuration lacks is not shown as zero. */
  const find = <T>(name: MetricName): T => {
    const found = known.get(name) ?? metricOf(library, registry, name, () => sources.get(name)?.());
    known.set(name, found);
    return found as T;
  };

  const metrics: ExposedMetrics = {
    contentType: registry.contentType,
    expose: () => registry.metrics(),
    counter(name, labels) {
      const counter = find<client.Counter<string>>(name).labels(labels);
      return { add: (amount = 1) => counter.inc(amount) };
    },
    histogram: (name, labels) => find<client.Histogram<string>>(name).labels(labels),
    gauge(name, read) {
      const gauge = find<client.Gauge<string>>(name);
      sources.set(name, async () => {
        const samples = await read();
        gauge.reset();
        for (const { labels, value } of samples) gauge.set(labels, value);
      });
    },
  };
  metrics.gauge('berth_build_info', () => [
    { labels: { node: process.versions.node, version: build.version }, value: 1 },
  ]);
  return metrics;
}
