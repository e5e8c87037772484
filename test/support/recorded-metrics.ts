import type { Metrics } from '../../src/ports.ts';

/** Counters that a test can look at. */
export interface RecordedMetrics extends Metrics {
  /** The counter's value; 0 where nobody has counted. */
  valueOf(name: string, labels: Readonly<Record<string, string>>): number;
}

function keyOf(name: string, labels: Readonly<Record<string, string>>): string {
  return JSON.stringify([name, Object.entries(labels).sort()]);
}

export function recordedMetrics(): RecordedMetrics {
  const values = new Map<string, number>();
  return {
    counter: (name, labels) => ({
      add(amount = 1) {
        const key = keyOf(name, labels);
        values.set(key, (values.get(key) ?? 0) + amount);
      },
    }),
    histogram: () => ({ observe: () => undefined }),
    gauge: () => undefined,
    valueOf: (name, labels) => values.get(keyOf(name, labels)) ?? 0,
  };
}
