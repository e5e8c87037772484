import type { MetricEntry } from '../metrics.ts';
import type { Counter, Histogram } from '../ports.ts';

type Labels = Readonly<Record<string, string>>;

/** A value as the client library writes it out. */
export interface ExposedValue {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** Where it is not the metric's own. */
  readonly metricName?: string;
}

/** A metric as the client library asks for it (its `Registry.getMetricsAsString`). */
export interface ExposedMetric {
  readonly name: string;
  get(): Promise<{
    readonly name: string;
    readonly help: string;
    readonly type: string;
    readonly values: readonly ExposedValue[];
  }>;
}

/** A number, or numbers, under one set of labels. */
interface Series {
  values(name: string, labels: Labels): ExposedValue[];
}

/** A number that grows. */
export class CounterSeries implements Counter, Series {
  #value = 0;

  add(amount = 1): void {
    this.#value += amount;
  }

  values(_: string, labels: Labels): ExposedValue[] {
    return [{ labels, value: this.#value }];
  }
}

/** How many values were how large. */
export class HistogramSeries implements Histogram, Series {
  readonly #bounds: readonly number[];
  /** One more than there are bounds: the last is of what is larger than all. */
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] ?? 0)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += value;
  }

  values(name: string, labels: Labels): ExposedValue[] {
    let count = 0;
    const buckets = [...this.#counts].map((inBucket, bucket) => {
      count += inBucket;
      const le = this.#bounds[bucket] ?? '+Inf';
      return { labels: { ...labels, le }, value: count, metricName: `${name}_bucket` };
    });
    return [
      ...buckets,
      { labels, value: this.#sum, metricName: `${name}_sum` },
      { labels, value: count, metricName: `${name}_count` },
    ];
  }
}

/**
 * The series of one metric. The client library finds the series anew by its labels at every observation, which costs
 * more than all else that is done for a request; here whoever counts holds it, and the library only writes it out.
 */
export class SeriesOf<S extends Series> implements ExposedMetric {
  readonly name: string;
  readonly #entry: MetricEntry;
  readonly #create: () => S;
  readonly #series = new Map<string, { readonly labels: Labels; readonly series: S }>();

  constructor(name: string, entry: MetricEntry, create: () => S) {
    this.name = name;
    this.#entry = entry;
    this.#create = create;
  }

  /** Of exactly these labels; made when it is asked for the first time. */
  find(labels: Labels): S {
    const key = JSON.stringify(this.#entry.labels.map((label) => labels[label]));
    const known = this.#series.get(key);
    if (known !== undefined) return known.series;
    const series = this.#create();
    this.#series.set(key, { labels, series });
    return series;
  }

  async get() {
    const { help, type } = this.#entry;
    const values = [...this.#series.values()].flatMap(({ labels, series }) =>
      series.values(this.name, labels),
    );
    return { name: this.name, help, type, values };
  }
}
