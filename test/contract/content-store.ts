import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContentStore } from '../../src/content/content-store.ts';
import { heldBufferBytes } from '../support/memory.ts';
import { contentOf, cut, drain, noise, store } from '../support/pieces.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** A content store in a place of its own. */
export interface ContentStoreUnderTest {
  readonly store: ContentStore;
  /** The same place as another process sees it. */
  again(): Promise<ContentStore>;
  /** What this process has open for the store's bytes: files, connections. */
  openHandles(): Promise<readonly string[]>;
  /** Texts that are no keys, as a damaged or hostile index could hold them. */
  readonly foreignKeys: readonly string[];
  /** Removes the place. */
  remove(): Promise<void>;
}

/** What every content store promises. Call it inside a `describe` that names the adapter. */
export function contentStoreContract(open: () => Promise<ContentStoreUnderTest>): void {
  let place: ContentStoreUnderTest;
  let content: ContentStore;

  beforeAll(async () => {
    place = await open();
    content = place.store;
  });

  afterAll(() => place.remove());

  const expectNothingOpen = async (): Promise<void> => expect(await place.openHandles()).toEqual([]);

  describe('keys', () => {
    it('never repeat, in one process or in several', async () => {
      const other = await place.again();
      const keys = Array.from({ length: 5_000 }, () => [content.newKey(), other.newKey()]).flat();
      expect(new Set(keys).size).toBe(10_000);
    });

    it('hold nothing until they are written', async () => {
      const key = content.newKey();
      expect(await content.sizeBytes(key)).toBeUndefined();
      expect(await content.read(key)).toBeUndefined();
      expect(await content.read(key, { first: 0, last: 0 })).toBeUndefined();
    });

    it('hold nothing after a writer that took nothing was closed', async () => {
      const writer = content.write(content.newKey());
      await writer.close();
      expect(await content.sizeBytes(writer.key)).toBeUndefined();
    });

    it('are written once: a second writer is refused and changes nothing', async () => {
      const key = await store(content, Buffer.from('first'));
      const second = content.write(key);
      await expect(
        (async () => {
          await second.append(Buffer.from('second'));
          await second.flush();
        })(),
      ).rejects.toThrow();
      await second.close();
      expect(await contentOf(content, key)).toEqual(Buffer.from('first'));
      await expectNothingOpen();
    });

    it('are listed where there are bytes under them', async () => {
      const listed = async (): Promise<string[]> => {
        const all: string[] = [];
        for await (const keys of content.keys()) all.push(...keys);
        return all;
      };
      const [kept, gone] = [await store(content, Buffer.from('x')), await store(content, Buffer.from('y'))];
      await content.remove(gone);
      const unwritten = content.newKey();
      const keys = await listed();
      expect(keys).toContain(kept);
      expect(keys).not.toContain(gone);
      expect(keys).not.toContain(unwritten);
      expect(new Set(keys).size).toBe(keys.length);
    });

    it('that are none are refused by every method', async () => {
      for (const key of place.foreignKeys) {
        await expect((async () => content.sizeBytes(key))(), key).rejects.toThrow();
        await expect((async () => content.read(key))(), key).rejects.toThrow();
        await expect((async () => content.remove(key))(), key).rejects.toThrow();
        await expect(
          (async () => {
            const writer = content.write(key);
            await writer.append(Buffer.from('x'));
            await writer.flush();
          })(),
          key,
        ).rejects.toThrow();
      }
      await expectNothingOpen();
    });
  });

  describe('writing', () => {
    it('gives back what was written, to this process and to another', async () => {
      const bytes = noise(100_000);
      const key = await store(content, cut(bytes, 7_000));
      expect(await content.sizeBytes(key)).toBe(100_000);
      expect(await contentOf(content, key)).toEqual(bytes);
      expect(await contentOf(await place.again(), key)).toEqual(bytes);
      await expectNothingOpen();
    });

    it('counts what it took', async () => {
      const writer = content.write(content.newKey());
      expect(writer.sizeBytes).toBe(0);
      await writer.append(noise(10));
      await writer.append(noise(32));
      expect(writer.sizeBytes).toBe(42);
      await writer.flush();
      expect(writer.sizeBytes).toBe(42);
      await writer.close();
    });

    it('stores an empty object', async () => {
      const key = await store(content, []);
      expect(await content.sizeBytes(key)).toBe(0);
      expect(await contentOf(content, key)).toEqual(Buffer.alloc(0));
      expect(await contentOf(content, key, { first: 0, last: -1 })).toEqual(Buffer.alloc(0));
      await expectNothingOpen();
    });

    it('shows what was flushed while it is still open, and goes on', async () => {
      const writer = content.write(content.newKey());
      await writer.append(Buffer.from('one '));
      await writer.flush();
      expect(await contentOf(content, writer.key)).toEqual(Buffer.from('one '));
      await writer.append(Buffer.from('two'));
      await writer.flush();
      await writer.flush();
      expect(await contentOf(content, writer.key)).toEqual(Buffer.from('one two'));
      await writer.close();
      expect(await contentOf(content, writer.key)).toEqual(Buffer.from('one two'));
    });

    it('keeps the flushed bytes where it is closed with more taken', async () => {
      const writer = content.write(content.newKey());
      await writer.append(Buffer.from('flushed'));
      await writer.flush();
      await writer.append(Buffer.from(' and not'));
      await writer.close();
      await writer.close();
      expect(await contentOf(content, writer.key, { first: 0, last: 6 })).toEqual(Buffer.from('flushed'));
      await expectNothingOpen();
    });

    it('keeps the order of pieces of any size, with flushes anywhere', async () => {
      const step = fc.oneof(
        { weight: 4, arbitrary: fc.integer({ min: 0, max: 5_000 }) },
        { weight: 2, arbitrary: fc.integer({ min: 200 * KIB, max: 900 * KIB }) },
        { weight: 1, arbitrary: fc.constant('flush' as const) },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
          const writer = content.write(content.newKey());
          const written: Uint8Array[] = [];
          for (const step of steps) {
            if (step === 'flush') {
              await writer.flush();
              continue;
            }
            const piece = noise(step);
            written.push(piece);
            await writer.append(piece);
          }
          await writer.flush();
          await writer.close();
          const found = await contentOf(content, writer.key);
          await content.remove(writer.key);
          expect(found?.equals(Buffer.concat(written))).toBe(true);
        }),
        { numRuns: 40 },
      );
      await expectNothingOpen();
    });

    it('keeps nothing of the memory that it was given', async () => {
      const memory = Buffer.alloc(300_000);
      const expected: Buffer[] = [];
      const writer = content.write(content.newKey());
      for (let round = 0; round < 12; round += 1) {
        memory.fill(round + 1);
        // Smaller and larger than what an adapter may gather before it writes.
        const piece = memory.subarray(0, round % 3 === 0 ? 1_000 : 300_000);
        expected.push(Buffer.from(piece));
        await writer.append(piece);
        memory.fill(0xff);
      }
      memory.fill(0xfe);
      await writer.flush();
      await writer.close();
      expect((await contentOf(content, writer.key))?.equals(Buffer.concat(expected))).toBe(true);
    });

    it('takes a piece larger than anything it gathers', async () => {
      const bytes = noise(9 * MIB + 11);
      const key = await store(content, [Buffer.from('x'), bytes, Buffer.from('y')]);
      expect(
        (await contentOf(content, key))?.equals(Buffer.concat([Buffer.from('x'), bytes, Buffer.from('y')])),
      ).toBe(true);
    });

    it('does not mix up writers of which some were given up', async () => {
      const objects = await Promise.all(
        Array.from({ length: 24 }, async (_, number) => {
          const bytes = noise(MIB + number);
          const writer = content.write(content.newKey());
          for (const piece of cut(bytes, 50_000 + number)) {
            await writer.append(piece);
            if (number % 3 === 0 && writer.sizeBytes > 700_000) break;
          }
          if (number % 3 !== 0) await writer.flush();
          await Promise.all([writer.close(), writer.close()]);
          return number % 3 === 0 ? undefined : { key: writer.key, bytes };
        }),
      );
      for (const object of objects) {
        if (object !== undefined) {
          expect((await contentOf(content, object.key))?.equals(object.bytes)).toBe(true);
        }
      }
      await expectNothingOpen();
    });

    it('takes thousands of tiny pieces', async () => {
      const bytes = noise(700 * KIB);
      const key = await store(content, cut(bytes, 97));
      expect((await contentOf(content, key))?.equals(bytes)).toBe(true);
    });

    it('lets several writers work at once', async () => {
      const objects = await Promise.all(
        Array.from({ length: 8 }, async () => {
          const bytes = noise(1 * MIB + 13);
          return { bytes, key: await store(content, cut(bytes, 64 * KIB)) };
        }),
      );
      for (const { bytes, key } of objects) expect((await contentOf(content, key))?.equals(bytes)).toBe(true);
      await expectNothingOpen();
    });

    it('streams 50 MiB in and out and holds little of it', async () => {
      const pieces = 50;
      const pattern = noise(1 * MIB);
      const piece = (number: number): Buffer => {
        const copy = Buffer.from(pattern);
        copy.writeUInt32BE(number);
        return copy;
      };
      const before = heldBufferBytes();
      let most = 0;
      const writer = content.write(content.newKey());
      for (let number = 0; number < pieces; number += 1) {
        await writer.append(piece(number));
        if (number % 10 === 9) most = Math.max(most, heldBufferBytes() - before);
      }
      await writer.flush();
      await writer.close();
      expect(most).toBeLessThan(12 * MIB);

      const expected = Buffer.concat(Array.from({ length: pieces }, (_, number) => piece(number)));
      expect(await content.sizeBytes(writer.key)).toBe(expected.byteLength);
      const base = heldBufferBytes();
      most = 0;
      let at = 0;
      let mismatches = 0;
      const stream = await content.read(writer.key);
      for (let asked = 0; ; asked += 1) {
        const next = await stream?.next();
        if (next === undefined) break;
        if (!expected.subarray(at, at + next.byteLength).equals(next)) mismatches += 1;
        at += next.byteLength;
        if (asked % 20 === 0) most = Math.max(most, heldBufferBytes() - base);
      }
      await stream?.close();
      expect({ at, mismatches }).toEqual({ at: expected.byteLength, mismatches: 0 });
      expect(most).toBeLessThan(12 * MIB);
      await content.remove(writer.key);
    });
  });

  describe('reading', () => {
    it('gives any range of the bytes', async () => {
      const bytes = noise(3 * MIB + 5);
      const key = await store(content, bytes);
      const range = fc
        .tuple(fc.nat(bytes.byteLength - 1), fc.nat(bytes.byteLength - 1))
        .map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) }));
      await fc.assert(
        fc.asyncProperty(range, async ({ first, last }) => {
          const found = await contentOf(content, key, { first, last });
          expect(found?.equals(bytes.subarray(first, last + 1))).toBe(true);
        }),
        { numRuns: 40, examples: [[{ first: 0, last: 0 }], [{ first: 3 * MIB + 4, last: 3 * MIB + 4 }]] },
      );
      await expectNothingOpen();
    });

    it('leaves a piece alone until the next one is asked for', async () => {
      const bytes = noise(5 * MIB);
      const stream = await content.read(await store(content, bytes));
      let at = 0;
      for (;;) {
        const piece = await stream?.next();
        if (piece === undefined) break;
        // Long enough for what is read ahead to arrive.
        await sleep(20);
        expect(bytes.subarray(at, at + piece.byteLength).equals(piece)).toBe(true);
        at += piece.byteLength;
      }
      await stream?.close();
      expect(at).toBe(bytes.byteLength);
    });

    it('keeps saying that it is at the end', async () => {
      const stream = await content.read(await store(content, Buffer.from('abc')));
      expect(Buffer.from((await stream?.next()) ?? []).toString()).toBe('abc');
      expect(await stream?.next()).toBeUndefined();
      expect(await stream?.next()).toBeUndefined();
      await stream?.close();
    });

    it('rejects where the bytes end before the range does, and lets go', async () => {
      const key = await store(content, noise(1_000));
      await expect(contentOf(content, key, { first: 500, last: 1_500 })).rejects.toThrow();
      await expectNothingOpen();
    });

    const large = async () => content.read(await store(content, noise(4 * MIB)));

    it('may be closed before the first piece', async () => {
      await (await large())?.close();
      await expectNothingOpen();
    });

    it('may be closed in the middle', async () => {
      const stream = await large();
      await stream?.next();
      await stream?.next();
      await stream?.close();
      await expectNothingOpen();
    });

    it('may be closed twice, also at once', async () => {
      const stream = await large();
      await stream?.next();
      await Promise.all([stream?.close(), stream?.close()]);
      await stream?.close();
      await expectNothingOpen();
    });

    it('may be closed while a piece is on its way', async () => {
      for (let round = 0; round < 10; round += 1) {
        const stream = await large();
        await stream?.next();
        const next = stream?.next().catch(() => undefined);
        await stream?.close();
        await next;
      }
      await expectNothingOpen();
    });

    it('may be closed after the end', async () => {
      const stream = await content.read(await store(content, noise(10)));
      if (stream !== undefined) await drain(stream);
      await stream?.close();
      await expectNothingOpen();
    });

    it('rejects after it was closed', async () => {
      const stream = await large();
      await stream?.close();
      await expect(stream?.next()).rejects.toThrow();
    });

    it('serves many readers of one object at once', async () => {
      const bytes = noise(1 * MIB + 1);
      const key = await store(content, bytes);
      const found = await Promise.all(Array.from({ length: 40 }, () => contentOf(content, key)));
      expect(found.every((copy) => copy?.equals(bytes))).toBe(true);
      await expectNothingOpen();
    });

    it('is not disturbed by the removal of another object, nor by another writer', async () => {
      const bytes = noise(4 * MIB);
      const key = await store(content, bytes);
      const other = await store(content, noise(4 * MIB));
      const stream = await content.read(key);
      const first = Buffer.from((await stream?.next()) ?? []);
      await content.remove(other);
      const written = await store(content, noise(2 * MIB));
      expect(stream && Buffer.concat([first, await drain(stream)]).equals(bytes)).toBe(true);
      expect(await content.sizeBytes(other)).toBeUndefined();
      expect(await content.sizeBytes(written)).toBe(2 * MIB);
    });
  });

  describe('removal', () => {
    it('takes the bytes away, for every process', async () => {
      const key = await store(content, noise(10));
      const kept = await store(content, noise(11));
      await content.remove(key);
      const other = await place.again();
      expect(await content.sizeBytes(key)).toBeUndefined();
      expect(await content.read(key)).toBeUndefined();
      expect(await other.read(key)).toBeUndefined();
      expect(await other.sizeBytes(kept)).toBe(11);
    });

    it('may be asked for again, and for what never was', async () => {
      const key = await store(content, noise(10));
      await content.remove(key);
      await content.remove(key);
      await content.remove(content.newKey());
    });
  });

  it('answers a ping', async () => {
    await content.ping();
  });
}
