import { describe, expect, test } from 'vitest';
import { RecordedLog } from '../../test/support/recorded-log.ts';
import { NO_METRICS } from '../ports.ts';
import { Health } from './health.ts';

/** Runs one check as often as there are results. @returns whether the registry was unhealthy after each */
async function after(threshold: number, results: readonly boolean[]): Promise<boolean[]> {
  let works = true;
  const check = async () => {
    if (!works) throw new Error('broken');
  };
  const periodic = { name: 'it', intervalMs: 1000, timeoutMs: 1000, threshold, check };
  const health = new Health([periodic], new RecordedLog(), NO_METRICS);
  const seen: boolean[] = [];
  for (const result of results) {
    works = result;
    for (const { run } of health.checks) await run();
    seen.push(health.isUnhealthy());
    expect(health.failures()).toEqual(health.isUnhealthy() ? { it: 'broken' } : {});
  }
  return seen;
}

// distribution, health.go: a success sets the count of a threshold updater back.
describe('a threshold', () => {
  test.each([
    [1, [true, false, true], [false, true, false]],
    [3, [false, false, false, false, true], [false, false, true, true, false]],
    [3, [false, false, true, false, false, false], [false, false, false, false, false, true]],
  ])('of %i with %j', async (threshold, results, expected) => {
    expect(await after(threshold, results)).toEqual(expected);
  });
});

test('a change of state is logged once', async () => {
  const log = new RecordedLog();
  const check = async () => {
    throw new Error('broken');
  };
  const health = new Health(
    [{ name: 'it', intervalMs: 1000, timeoutMs: 1000, threshold: 1, check }],
    log,
    NO_METRICS,
  );
  for (const _ of [1, 2, 3]) for (const { run } of health.checks) await run();
  expect(log.at('error').map(({ fields }) => fields)).toEqual([{ check: 'it', reason: 'broken' }]);
});
