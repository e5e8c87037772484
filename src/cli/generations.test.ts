import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Generations } from './generations.ts';

class Part {
  closed = 0;
  readonly name: number;
  constructor(name: number) {
    this.name = name;
  }
  async close(): Promise<void> {
    this.closed += 1;
  }
}

describe('what answers at present', () => {
  it('is closed once it was replaced and nobody uses it any more, and never while somebody does', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('begin', 'end', 'replace'), { maxLength: 40 }),
        async (steps) => {
          const parts = [new Part(0)];
          const generations = new Generations(parts[0] as Part);
          const under: { part: Part; end: () => void; done: Promise<void> }[] = [];
          for (const step of steps) {
            if (step === 'begin') {
              const { promise, resolve } = Promise.withResolvers<void>();
              let used: Part | undefined;
              const done = generations.use(async (part) => {
                used = part;
                await promise;
              });
              under.push({ part: used as unknown as Part, end: resolve, done });
            } else if (step === 'replace') {
              const next = new Part(parts.length);
              parts.push(next);
              generations.replace(next);
            } else {
              const ended = under.shift();
              ended?.end();
              await ended?.done;
            }
            await turn();
            for (const part of parts) {
              const isInUse =
                part === generations.current || under.some((one) => one.part.name === part.name);
              expect(part.closed).toBe(isInUse ? 0 : 1);
            }
          }
          for (const one of under) one.end();
          await Promise.all(under.map(({ done }) => done));
          await generations.close();
          expect(parts.map(({ closed }) => closed)).toEqual(parts.map(() => 1));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('is let go of by a use that fails', async () => {
    const first = new Part(0);
    const generations = new Generations(first);
    const failing = generations.use(() => Promise.reject(new Error('no')));
    generations.replace(new Part(1));
    await expect(failing).rejects.toThrow('no');
    await turn();
    expect(first.closed).toBe(1);
  });
});
