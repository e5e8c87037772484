import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StoppedClock } from '../../../test/support/clock.ts';
import { newFolder, removeFolder } from '../../../test/support/folders.ts';
import { newDigest, newRepository, putBlob, putManifest, tag } from '../../../test/support/index-values.ts';
import type { Index } from '../../index/index.ts';
import { openSqliteIndex } from '../../index/sqlite/open.ts';
import { Explain } from './explain.ts';
import { explanationLines } from './words.ts';

const HOUR = 3_600_000;
const NOTE = { cause: { kind: 'collection', actor: '', rule: 'grace time 24h' } } as const;

describe('an explanation', () => {
  let folder: string;
  let index: Index;
  let explain: Explain;
  const clock = new StoppedClock();
  beforeAll(async () => {
    folder = await newFolder();
    index = await openSqliteIndex(join(folder, 'berth.db'));
    explain = new Explain({ index, clock, keepDeletedMs: 168 * HOUR, graceMs: 24 * HOUR });
  });
  afterAll(async () => {
    await index.close();
    await removeFolder(folder);
  });

  it('names the way from a tag, through an index and a subject', async () => {
    const repository = newRepository();
    const [layer, proof] = [newDigest(), newDigest()];
    for (const blob of [layer, proof]) await putBlob(index, repository, blob, 7, clock.now());
    const atMs = clock.now();
    const image = await putManifest(index, repository, { blobs: [layer], atMs });
    const list = await putManifest(index, repository, { children: [image.digest], tags: ['v', 'w'], atMs });
    const signature = await putManifest(index, repository, { blobs: [proof], subject: image.digest, atMs });
    const up = [
      { manifest: list.digest, by: 'names' },
      { manifest: image.digest, by: 'subject' },
      { manifest: signature.digest, by: 'names' },
    ];
    const explained = await explain.blob(proof, repository);
    expect(explained).toMatchObject({
      ...{ kind: 'blob', fate: 'kept', sizeBytes: 7 },
      places: [
        {
          chains: [
            { tag: 'v', steps: up },
            { tag: 'w', steps: up },
          ],
        },
      ],
    });
    expect(explanationLines(explained)[1]).toBe(
      `  kept by the tag ${repository}:v -> ${list.digest} -> ${image.digest} -> ${signature.digest}, which names it`,
    );
    const ofSignature = await explain.manifest(repository, signature.digest);
    expect(ofSignature.places[0]?.chains[0]?.steps).toEqual(up.slice(0, 2));
    expect(explanationLines(ofSignature)[1]).toMatch(/which is its subject$/);
    expect(await explain.tag(repository, tag('v'))).toMatchObject({ fate: 'kept', digest: list.digest });

    // Without its tags it is only the keep time and its age that keep it where untagged manifests are collected.
    for (const name of ['v', 'w']) await index.tags.remove(repository, tag(name), 'ann', clock.now());
    expect(await explain.blob(layer, undefined)).toMatchObject({
      fate: 'untagged',
      places: [{ repository, chains: [{ tag: undefined }] }],
    });
    const untagged = await explain.manifest(repository, list.digest);
    expect(untagged.places[0]).toMatchObject({
      fate: 'untagged',
      youngUntilMs: clock.now() + 24 * HOUR,
      keptUntilMs: clock.now() + 168 * HOUR,
    });
    expect(await explain.tag(repository, tag('v'))).toMatchObject({
      ...{ fate: 'deleted', digest: list.digest },
      removals: [{ cause: { actor: 'ann' } }],
    });
  });

  it('ends where manifests refer to each other in a ring', async () => {
    const repository = newRepository();
    const image = await putManifest(index, repository, { blobs: [] });
    const ring = await putManifest(index, repository, { children: [image.digest], subject: image.digest });
    expect((await explain.manifest(repository, ring.digest)).fate).toBe('untagged');
  });

  it('follows a blob from young to garbage, deleted and removed', async () => {
    const repository = newRepository();
    const blob = newDigest();
    await putBlob(index, repository, blob, 7, clock.now());
    expect(await explain.blob(blob, undefined)).toMatchObject({
      fate: 'young',
      places: [{ youngUntilMs: clock.now() + 24 * HOUR }],
    });
    clock.advance(25 * HOUR);
    expect((await explain.blob(blob, undefined)).fate).toBe('garbage');
    const image = await putManifest(index, repository, { blobs: [blob], tags: ['v'], atMs: clock.now() });
    await index.manifests.remove(repository, image.digest, 'bob', clock.now());
    clock.advance(25 * HOUR);
    expect(await explain.blob(blob, undefined)).toMatchObject({
      fate: 'deleted',
      places: [{ neededByDeleted: [image.digest], keptUntilMs: clock.now() + 143 * HOUR }],
    });
    clock.advance(144 * HOUR);
    expect((await explain.blob(blob, undefined)).fate).toBe('garbage');
    expect((await explain.manifest(repository, image.digest)).fate).toBe('garbage');
    const note = { atMs: clock.now(), ...NOTE };
    await index.trash.purge(clock.now() - 168 * HOUR, 1_000, note);
    const rule = { beforeMs: clock.now() - 24 * HOUR, keptSinceMs: undefined, untaggedManifests: false };
    await index.garbage.removeLinks(rule, [{ repository, digest: blob }], note);
    await index.garbage.removeBlobs([blob], note);
    const removed = await explain.blob(blob, undefined);
    expect(removed).toMatchObject({ fate: 'removed', removals: [{ kind: 'blob' }, { kind: 'link' }] });
    expect(explanationLines(removed).join('\n')).toContain(
      'its bytes were removed, since no repository held it: garbage collection (grace time 24h)',
    );
    expect((await explain.manifest(repository, image.digest)).fate).toBe('removed');
    expect((await explain.tag(repository, tag('v'))).fate).toBe('removed');
    expect((await explain.tag(repository, tag('never'))).fate).toBe('unknown');
  });
});
