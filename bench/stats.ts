/** The median; NaN for no samples. */
export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) return Number.NaN;
  const lower = sorted[middle - 1];
  return sorted.length % 2 === 1 || lower === undefined ? upper : (lower + upper) / 2;
}

/**
 * The ratio a ÷ b of each round. Both samples of one round were taken one right after the other, so load
 * from elsewhere that comes and goes over a run distorts these less than it distorts the two medians.
 */
export function ratios(a: readonly number[], b: readonly number[]): number[] {
  return a.flatMap((value, round) => {
    const other = b[round];
    return other === undefined ? [] : [value / other];
  });
}

/** Half the distance between the largest and the smallest sample, as a share of the median. */
export function spread(samples: readonly number[]): number {
  return samples.length < 2 ? 0 : (Math.max(...samples) - Math.min(...samples)) / 2 / median(samples);
}

/** The value below which `share` (0…1) of the sorted samples lie. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
