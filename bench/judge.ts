import type { Expected, Metric } from './row.ts';
import { median, ratios } from './stats.ts';

/** Berth ÷ peer: the median of the rounds' ratios; NaN without a peer. */
export function ratioOf(metric: Metric): number {
  return median(ratios(metric.samples.berth, metric.samples.peer));
}

/** Whether a metric has what the issue expects; undefined where nothing is expected or there is no value. */
export function verdict(metric: Metric): 'ok' | 'missed' | undefined {
  const { expected } = metric;
  if (expected === undefined) return undefined;
  const value = 'ratioAtLeast' in expected ? ratioOf(metric) : median(metric.samples.berth);
  if (Number.isNaN(value)) return undefined;
  return reached(expected, value) ? 'ok' : 'missed';
}

function reached(expected: Expected, value: number): boolean {
  if ('ratioAtLeast' in expected) return value >= expected.ratioAtLeast;
  return 'atLeast' in expected ? value >= expected.atLeast : value <= expected.atMost;
}
