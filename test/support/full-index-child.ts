import { rm, writeFile } from 'node:fs/promises';
import { openSqliteIndex } from '../../src/index/sqlite/open.ts';
import { manifestOf, newRepository } from './index-values.ts';

/** Fills the small disk under /mnt with manifests, until the index refuses, and says what is left. */

const file = '/mnt/berth.db';
const ballast = '/mnt/ballast';
// Larger than all the rest: a checkpoint may write the whole log a second time.
await writeFile(ballast, Buffer.alloc(9_000_000));
const index = await openSqliteIndex(file);
const repository = newRepository();
const codes = new Set<unknown>();
const stored: string[] = [];

/** Manifests of 100 kB, several at once, so that they share a commit. */
async function put(count: number): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, async () => {
      const received = manifestOf(repository, {
        annotations: { fill: 'x'.repeat(100_000), id: `${Math.random()}` },
      });
      await index.manifests.put(received).then(
        () => stored.push(received.digest),
        (error: unknown) => codes.add(error instanceof Error && 'code' in error ? error.code : error),
      );
    }),
  );
}

for (let round = 0; round < 60 && codes.size === 0; round += 1) await put(5);
// Where five together do not find room, one alone still may.
let isRefusedAlone = false;
for (let round = 0; round < 60 && !isRefusedAlone; round += 1) {
  const before = stored.length;
  await put(1);
  isRefusedAlone = stored.length === before;
}
const storedBefore = stored.length;
await rm(ballast);
await put(2);
const afterwards = stored.length - storedBefore;

async function countWhole(from: typeof index): Promise<number> {
  let whole = 0;
  for (const digest of stored) {
    const isFound = (await from.manifests.find(repository, digest as never)) !== undefined;
    const bytes = await from.manifests.read(digest as never);
    if (isFound && (bytes?.byteLength ?? 0) > 100_000) whole += 1;
  }
  return whole;
}

const lost = stored.length - (await countWhole(index));
await index.close();
const reopened = await openSqliteIndex(file);
const lostAfterReopening = stored.length - (await countWhole(reopened));
await reopened.close();
process.stdout.write(
  JSON.stringify({
    codes: [...codes],
    isSomeStoredBefore: storedBefore > 0,
    isRefusedAlone,
    afterwards,
    lost,
    lostAfterReopening,
  }),
);
