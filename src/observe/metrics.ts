import type { Registry } from '@prometheus-io/client';
import { METRICS, type MetricName } from '../metrics.ts';
import type { Counter, Histogram, Metrics, Sample } from '../ports.ts';
import { CounterSeries, type ExposedMetric, HistogramSeries, SeriesOf } from './series.ts';

/** Metrics that somebody can look at. */
export interface ExposedMetrics extends Metrics {
  /** Of the text, for its Content-Type. */
  readonly contentType: string;
  /** Everything as Prometheus reads it, the process' own numbers included. */
  expose(): Promise<string>;
}

/** The library writes out whatever has a name and answers `get`, as its own aggregated metrics do. */
function register(registry: Registry, metric: ExposedMetric): void {
  registry.registerMetric(metric as unknown as Parameters<Registry['registerMetric']>[0]);
}

/**
 * Metrics in memory. The client library takes a noticeable part of a start, so it is loaded only by whoever wants
 * metrics. A metric appears once something asks for it: what a configuration lacks is not shown as zero.
 */
export async function openMetrics(build: { readonly version: string }): Promise<ExposedMetrics> {
  const library = await import('@prometheus-io/client');
  const registry = new library.Registry();
  library.collectDefaultMetrics({ register: registry });
  const counters = new Map<MetricName, SeriesOf<CounterSeries>>();
  const histograms = new Map<MetricName, SeriesOf<HistogramSeries>>();

  const metrics: ExposedMetrics = {
    contentType: registry.contentType,
    expose: () => registry.metrics(),
    counter(name, labels): Counter {
      let series = counters.get(name);
      if (series === undefined) {
        series = new SeriesOf(name, METRICS[name], () => new CounterSeries());
        counters.set(name, series);
        register(registry, series);
      }
      return series.find(labels);
    },
    histogram(name, labels): Histogram {
      let series = histograms.get(name);
      if (series === undefined) {
        const { buckets } = METRICS[name];
        series = new SeriesOf(name, METRICS[name], () => new HistogramSeries(buckets));
        histograms.set(name, series);
        register(registry, series);
      }
      return series.find(labels);
    },
    gauge(name, read) {
      const { help, type } = METRICS[name];
      const get = async () => ({ name, help, type, values: (await read()) as readonly Sample<object>[] });
      register(registry, { name, get } as ExposedMetric);
    },
  };
  metrics.gauge('berth_build_info', () => [
    { labels: { node: process.versions.node, version: build.version }, value: 1 },
  ]);
  return metrics;
}
