import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dueAt, outdatedAt, type Rotation, signingAt } from './key-schedule.ts';

/* Keys as the index lists them: that which signs last comes first. */

interface Key {
  readonly signsFromMs: number;
}

const LIFETIME = 10;

/** Lives through the time, as the ring does at each look, and tells what was true at each. */
function* history(rotation: Rotation, looks: readonly number[]) {
  let keys: Key[] = [{ signsFromMs: 0 }];
  const publishedFrom = new Map<Key, number>([[keys[0] as Key, 0]]);
  for (let at = 0; at < 1_000; at += 1) {
    if (looks.includes(at % 7)) {
      const due = dueAt(keys, at, rotation);
      if (due !== undefined) {
        keys = [{ signsFromMs: due }, ...keys];
        publishedFrom.set(keys[0] as Key, at);
      }
      const over = outdatedAt(keys, at, rotation.overlapMs);
      keys = keys.filter((key) => !over.includes(key));
    }
    yield { at, keys, signing: signingAt(keys, at) as Key, publishedFrom };
  }
}

describe('the schedule of keys', () => {
  it('a key is published before it signs, and stays until its last token is over', () => {
    const rotations = fc.record({
      overlapMs: fc.integer({ min: LIFETIME, max: 60 }),
      everyMs: fc.integer({ min: 120, max: 300 }),
    });
    const looks = fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 });
    fc.assert(
      fc.property(rotations, looks, (rotation, when) => {
        const lastSigned = new Map<Key, number>();
        const signed = new Set<Key>();
        for (const { at, keys, signing, publishedFrom } of history(rotation, when)) {
          signed.add(signing);
          lastSigned.set(signing, at);
          if (signing.signsFromMs > 0) {
            expect(at - (publishedFrom.get(signing) ?? at)).toBeGreaterThanOrEqual(rotation.overlapMs);
          }
          for (const [key, last] of lastSigned) {
            if (at <= last + LIFETIME) expect(keys).toContain(key);
          }
          expect(keys.length).toBeLessThanOrEqual(3);
        }
        expect(signed.size).toBeGreaterThan(2);
      }),
      { numRuns: 50 },
    );
  });

  it('without a schedule nothing follows', () => {
    expect(dueAt([{ signsFromMs: 0 }], 1e12, { everyMs: 0, overlapMs: 1 })).toBeUndefined();
  });

  it('a clock that was set back leaves a key to sign with', () => {
    const keys = [{ signsFromMs: 200 }, { signsFromMs: 100 }];
    expect(signingAt(keys, 50)).toBe(keys[1]);
    expect(signingAt(keys, 150)).toBe(keys[1]);
    expect(signingAt(keys, 200)).toBe(keys[0]);
  });
});
