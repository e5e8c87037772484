import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Damage, Verified } from '../../src/lifecycle/verify/damage.ts';
import { findOrphans } from '../../src/lifecycle/verify/orphans.ts';
import { Throttle } from '../../src/lifecycle/verify/throttle.ts';
import { verifyContent } from '../../src/lifecycle/verify/verify-content.ts';
import type { Digest } from '../../src/oci/digest.ts';
import type { RepositoryName } from '../../src/oci/reference.ts';
import { DEFAULT_RULES } from '../../src/registry/manifest-rules.ts';
import { type FrontDoor, openFrontDoor } from '../support/front-door.ts';
import { newKey } from '../support/index-values.ts';
import { type PushedImage, pushBlob, pushImage, putManifest } from '../support/oci-content.ts';

/* What clients see of damage, of its discovery, and of the push that heals it. */

describe('verification beside a registry that answers', () => {
  let door: FrontDoor;
  beforeAll(async () => {
    door = await openFrontDoor();
  });
  afterAll(() => door.close());

  const verify = async (
    quarantine = false,
    more: { after?: string; signal?: AbortSignal; stopAfter?: number } = {},
  ): Promise<{ damage: Damage[]; verified: Verified }> => {
    const damage: Damage[] = [];
    const ending = new AbortController();
    let blobs = 0;
    const verified = await verifyContent(
      { ...door.state, clock: { now: Date.now } },
      {
        rules: DEFAULT_RULES,
        throttle: new Throttle(0),
        quarantine,
        after: more.after,
        signal: ending.signal,
        watcher: {
          damage: (found) => void damage.push(found),
          blob: () => {
            blobs += 1;
            if (blobs === more.stopAfter) ending.abort();
          },
        },
      },
    );
    return { damage, verified };
  };

  const statusOf = async (method: string, target: string): Promise<number> =>
    (await door.send(method, `/v2/${target}`)).status;

  const fileOf = async (repository: string, digest: string): Promise<string> => {
    const blob = await door.state.index.blobs.find(repository as RepositoryName, digest as Digest);
    return join(door.folder, 'data', blob?.key ?? 'nothing');
  };

  const flipByte = (file: string): void => {
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(file, bytes);
  };

  /** The same image in two repositories, which share its layer. */
  const inTwo = async (name: string, seed: number): Promise<PushedImage> => {
    const image = await pushImage(door, `${name}/one`, 'v1', { seed });
    for (const digest of [image.config, image.layer]) {
      const target = `/v2/${name}/two/blobs/uploads/?mount=${digest}&from=${name}/one`;
      expect((await door.send('POST', target)).status).toBe(201);
    }
    await putManifest(door, `${name}/two`, 'v1', image.text);
    return image;
  };

  it('says nothing of what is whole', async () => {
    await inTwo('whole', 1);
    const { damage, verified } = await verify(true);
    expect(damage).toEqual([]);
    expect(verified).toMatchObject({ damaged: 0, quarantined: 0, isComplete: true });
    expect(verified.blobs).toBeGreaterThan(1);
    expect(verified.bytes).toBeGreaterThan(0);
    expect(verified.manifests).toBeGreaterThan(0);
  });

  it.each([
    ['a byte that changed', 2, flipByte, /its bytes have the digest sha256:/],
    ['bytes that are cut short', 3, (file: string) => truncateSync(file, 1), /it has 1 bytes instead of/],
    ['a file that is gone', 4, (file: string) => rmSync(file), /its bytes are missing/],
  ])(
    '%s: found, set aside, unknown to clients, and healed by one push',
    async (what, seed, damaging, reason) => {
      const name = what.replaceAll(' ', '-');
      const image = await inTwo(name, seed);
      const { layer } = image;
      const file = await fileOf(`${name}/one`, layer);
      const before = await door.send('GET', `/v2/${name}/one/blobs/${layer}`);
      // Whatever a running registry has seen of it must not make it believe that it is there.
      expect(await statusOf('HEAD', `${name}/two/blobs/${layer}`)).toBe(200);
      damaging(file);

      const { damage: reported } = await verify();
      expect(reported).toEqual([
        expect.objectContaining({ kind: 'blob', digest: layer, quarantined: false }),
      ]);
      expect(reported[0]?.reason).toMatch(reason);

      const { damage, verified } = await verify(true);
      expect(damage.filter(({ kind }) => kind === 'blob')).toHaveLength(1);
      expect(verified.quarantined).toBe(1);
      const incomplete = damage.filter(({ kind }) => kind === 'incomplete');
      expect(incomplete).toEqual(
        ['one', 'two'].map((end) =>
          expect.objectContaining({ repository: `${name}/${end}`, digest: image.digest, missing: [layer] }),
        ),
      );

      for (const end of ['one', 'two']) {
        for (const method of ['HEAD', 'GET']) {
          expect(await statusOf(method, `${name}/${end}/blobs/${layer}`), method).toBe(404);
        }
      }
      const unknown = await door.send('GET', `/v2/${name}/two/blobs/${layer}`);
      expect(unknown.codes).toEqual(['BLOB_UNKNOWN']);
      expect(unknown.text).toContain('found damaged and set aside; push it again to mend it');
      // Others learn nothing of it.
      const elsewhere = await door.send('GET', `/v2/whole/one/blobs/${layer}`);
      expect(elsewhere.text).not.toContain('set aside');
      expect(
        (await door.send('POST', `/v2/${name}/third/blobs/uploads/?mount=${layer}&from=${name}/one`)).status,
      ).toBe(202);
      expect((await putManifest(door, `${name}/one`, 'v2', image.text)).codes).toEqual([
        'MANIFEST_BLOB_UNKNOWN',
      ]);

      await pushBlob(door, `${name}/one`, before.body);
      for (const end of ['one', 'two']) {
        const answer = await door.send('GET', `/v2/${name}/${end}/blobs/${layer}`);
        expect(answer.status).toBe(200);
        expect(answer.body.equals(before.body)).toBe(true);
        expect(await statusOf('GET', `${name}/${end}/manifests/v1`)).toBe(200);
      }
      expect((await verify()).damage).toEqual([]);
    },
  );

  it('a manifest whose bytes changed: never served, found, set aside, healed by its push', async () => {
    const image = await inTwo('manifest', 20);
    const db = new Database(join(door.folder, 'data', 'berth.db'));
    db.prepare('UPDATE manifest_bodies SET bytes = ? WHERE digest = ?').run(
      Buffer.from(image.text.replace('{', '{ ')),
      image.digest,
    );
    db.close();
    const served = await door.send('GET', '/v2/manifest/one/manifests/v1');
    expect(served.status).toBe(404);
    expect(served.text).toContain('push it again to mend it');
    const { damage } = await verify(true);
    expect(damage).toEqual([
      expect.objectContaining({ kind: 'manifest', digest: image.digest, quarantined: true }),
    ]);
    for (const reference of ['v1', image.digest]) {
      expect(await statusOf('HEAD', `manifest/two/manifests/${reference}`)).toBe(404);
      const pulled = await door.send('GET', `/v2/manifest/two/manifests/${reference}`);
      expect(pulled.codes).toEqual(['MANIFEST_UNKNOWN']);
      expect(pulled.text).toContain('set aside; push it again');
    }
    expect((await putManifest(door, 'manifest/one', image.digest, image.text)).status).toBe(201);
    const healed = await door.send('GET', '/v2/manifest/two/manifests/v1');
    expect(healed.text).toBe(image.text);
    expect((await verify()).damage).toEqual([]);
  });

  it('a manifest that a client took a blob from is told of, and left', async () => {
    const image = await pushImage(door, 'incomplete', 'v1', { seed: 30 });
    await door.send('DELETE', `/v2/incomplete/blobs/${image.layer}`);
    const { damage } = await verify(true);
    expect(damage).toEqual([
      expect.objectContaining({ kind: 'incomplete', repository: 'incomplete', missing: [image.layer] }),
    ]);
    expect(await statusOf('GET', 'incomplete/manifests/v1')).toBe(200);
    await door.send('DELETE', `/v2/incomplete/manifests/${image.digest}`);
  });

  it('goes on where it was stopped', async () => {
    for (const content of ['a', 'b', 'c', 'd']) await pushBlob(door, 'parts', content);
    const all = (await verify()).verified;
    const { verified: first } = await verify(false, { stopAfter: 2 });
    expect(first).toMatchObject({ isComplete: false, blobs: 2 });
    const { verified: rest } = await verify(false, { after: first.last ?? '' });
    expect(rest).toMatchObject({ isComplete: true, blobs: all.blobs - 2, manifests: all.manifests });
  });

  it('finds objects that the index does not know, and nothing else', async () => {
    await pushBlob(door, 'orphans', 'known');
    await door.send('POST', '/v2/orphans/blobs/uploads/');
    expect(await findOrphans(door.state)).toEqual([]);
    const keys = [newKey(), newKey()].toSorted();
    for (const key of keys) {
      const writer = door.state.content.write(key);
      await writer.append(Buffer.from('left over'));
      await writer.flush();
      await writer.close();
    }
    for (const atOnce of [1, 1_000]) {
      const found = await findOrphans(door.state, atOnce);
      expect(found.toSorted((a, b) => (a.key < b.key ? -1 : 1))).toEqual(
        keys.map((key) => ({ key, sizeBytes: 9 })),
      );
    }
  });
});
