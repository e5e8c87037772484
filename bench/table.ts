import { ratioOf, verdict } from './judge.ts';
import type { Expected, Metric, Result } from './row.ts';
import { median, spread } from './stats.ts';

/** Widths of the columns. */
const WIDTHS = [32, 27, 9, 16, 16, 8, 11, 7] as const;

function cells(texts: readonly string[]): string {
  return WIDTHS.map((width, column) => {
    const text = texts[column] ?? '';
    return column >= 3 && column <= 5 ? text.padStart(width) : text.padEnd(width);
  })
    .join(' ')
    .trimEnd();
}

/** A number with about three significant digits and its unit's thousands apart. */
export function figure(value: number): string {
  if (Number.isNaN(value)) return '–';
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toFixed(digits).replace(/\B(?=(\d{3})+$)/g, value >= 10_000 ? ' ' : '');
}

function sampled(samples: readonly number[]): string {
  const share = Math.round(spread(samples) * 100);
  return `${figure(median(samples))}${samples.length > 1 ? ` ±${String(share).padStart(2)}%` : '     '}`;
}

function wanted(expected: Expected | undefined): string {
  if (expected === undefined) return '';
  if ('ratioAtLeast' in expected) return `≥ ${expected.ratioAtLeast}×`;
  return 'atLeast' in expected ? `≥ ${expected.atLeast}` : `≤ ${expected.atMost}`;
}

function line(title: string, metric: Metric): string {
  const { label, unit, samples, expected } = metric;
  const ratio = ratioOf(metric);
  const ratioText = Number.isNaN(ratio) ? '' : `${figure(ratio)}×`;
  const values = [sampled(samples.berth), sampled(samples.peer), ratioText];
  return cells([title, label, unit, ...values, ` ${wanted(expected)}`, verdict(metric) ?? '']);
}

/** The table's first lines. */
export function tableHead(berth: string, peer: string): string {
  const head = cells(['row', 'metric', 'unit', berth, peer, 'ratio', ' expected', '']);
  return `${head}\n${'─'.repeat(WIDTHS.reduce((sum, width) => sum + width + 1, 0))}`;
}

/** From this share on a row says that others used the CPU: below it the rounds' spread says enough. */
const NOISY = 0.1;

/** The lines of one row. */
export function tableRow({ row, outcome, othersCpu }: Result): string {
  const lines = outcome.metrics.map((metric, index) => line(index === 0 ? row.title : '', metric));
  if (lines.length === 0) lines.push(row.title);
  for (const failure of outcome.failures) lines.push(`  failed: ${failure.replaceAll('\n', '\n    ')}`);
  if (othersCpu >= NOISY)
    lines.push(`  noisy: others used ${Math.round(othersCpu * 100)} % of the CPU meanwhile`);
  return lines.join('\n');
}
