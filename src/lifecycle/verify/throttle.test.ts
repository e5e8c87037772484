import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Throttle } from './throttle.ts';

/** Time that goes on only where somebody waits. */
function standing() {
  let nowMs = 0;
  return {
    now: () => nowMs,
    pause: (ms: number) => {
      nowMs += ms;
      return Promise.resolve();
    },
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

describe('a throttle', () => {
  it('lets nothing wait where there is no bound', async () => {
    const time = standing();
    const throttle = new Throttle(0, time);
    for (let count = 0; count < 10; count += 1) await throttle.take(1e12);
    expect(time.now()).toBe(0);
  });

  it('keeps to its speed, but for a quarter of a second at once', async () => {
    const steps = fc.array(
      fc.record({
        bytes: fc.integer({ min: 1, max: 3_000_000 }),
        idleMs: fc.integer({ min: 0, max: 2_000 }),
      }),
      { minLength: 1, maxLength: 50 },
    );
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1_000, max: 100_000_000 }), async (all, bytesPerSecond) => {
        const time = standing();
        const throttle = new Throttle(bytesPerSecond, time);
        for (const [from] of all.entries()) {
          const beganMs = time.now();
          let taken = 0;
          for (const { bytes, idleMs } of all.slice(from)) {
            time.pass(idleMs);
            await throttle.take(bytes);
            taken += bytes;
          }
          const allowed = (bytesPerSecond * (time.now() - beganMs + 250)) / 1000;
          expect(taken).toBeLessThanOrEqual(allowed * 1.000_001 + 1);
        }
      }),
    );
  });

  it('never waits longer than the bytes are worth', async () => {
    const time = standing();
    const throttle = new Throttle(1_000, time);
    time.pass(10_000);
    await throttle.take(2_000);
    expect(time.now()).toBe(10_000 + 2_000 - 250);
  });

  it('ends its wait by a signal', async () => {
    const ending = new AbortController();
    const throttle = new Throttle(1);
    const waiting = throttle.take(1e9, ending.signal);
    ending.abort();
    await expect(waiting).rejects.toThrow();
  });
});
