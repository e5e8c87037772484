import { randomUUID } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import {
  beginUpload,
  newDigest,
  newKey,
  newRepository,
  putBlob,
  putManifest,
  tag,
} from '../../support/index-values.ts';
import { ALL, type SharedIndex } from './under-test.ts';

/** What is promised of every change: together or not at all, and for every process. */
export function transactionContract(shared: SharedIndex): void {
  it('that fail do not take others with them that were asked for at the same time', async () => {
    const repository = newRepository();
    const taken = await beginUpload(shared.index, repository);
    const uploads = Array.from({ length: 300 }, (_, number) => ({
      id: number % 7 === 3 ? taken.id : randomUUID(),
      repository,
      key: newKey(),
      atMs: 1,
    }));
    const results = await Promise.allSettled(uploads.map((upload) => shared.index.uploads.create(upload)));
    for (const [number, result] of results.entries()) {
      expect(result.status, `upload ${number}`).toBe(number % 7 === 3 ? 'rejected' : 'fulfilled');
    }
    for (const [number, { id }] of uploads.entries()) {
      if (number % 7 !== 3) expect(await shared.index.uploads.find(id), `upload ${number}`).toBeDefined();
    }
    // What failed left nothing half done.
    const { key } = taken;
    const step = { id: taken.id, key, partBytes: 1, fromBytes: 0, atMs: 2 };
    expect(await shared.index.uploads.advance(step)).toBe('advanced');
    expect(await shared.index.uploads.remove(taken.id)).toBe(true);
    const discarded = new Set(await shared.index.blobs.discarded(ALL));
    expect(uploads.filter((upload) => discarded.has(upload.key))).toEqual([]);
  });

  it('are seen by whoever asks after they were acknowledged, at once', async () => {
    const repository = newRepository();
    for (let round = 0; round < 30; round += 1) {
      const digest = newDigest();
      const before = shared.index.blobs.find(repository, digest);
      const key = await putBlob(shared.index, repository, digest);
      expect(await before).toBeUndefined();
      expect((await shared.index.blobs.find(repository, digest))?.key).toBe(key);
    }
  });

  it('are seen in every process, from the next turn of its event loop on', async () => {
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    const other = await shared.again();
    onTestFinished(() => other.close());
    const repository = newRepository();
    for (let round = 0; round < 30; round += 1) {
      const digest = newDigest();
      const [writer, reader] = round % 2 === 0 ? [shared.index, other] : [other, shared.index];
      const key = await putBlob(writer, repository, digest);
      expect((await writer.blobs.find(repository, digest))?.key).toBe(key);
      await turn();
      expect((await reader.blobs.find(repository, digest))?.key).toBe(key);
      const { digest: manifest } = await putManifest(writer, repository, { tags: ['v'] });
      await turn();
      expect((await reader.manifests.findByTag(repository, tag('v')))?.digest).toBe(manifest);
    }
  });
}
