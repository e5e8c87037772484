import { createHash, randomFillSync } from 'node:crypto';
import { createReadStream, createWriteStream, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newStore } from './clients/store.ts';
import { ADMIN } from './support/accounts.ts';
import { type BerthServe, berthServe } from './support/berth.ts';
import { assembled, ociLayout } from './support/images.ts';
import { folder } from './support/root.ts';
import { steps } from './support/steps.ts';
import { padding, tarHeader } from './support/tar.ts';

const GIBIBYTE = 2 ** 30;

describe('a layer of 1 GiB', () => {
  let berth: BerthServe;
  let layer: { readonly file: string; readonly digest: string; readonly diffId: string };
  steps(() => berth.output());
  beforeAll(async () => {
    [berth, layer] = await Promise.all([
      berthServe({ env: { BERTH_ADMIN_PASSWORD: ADMIN.password } }),
      writeLayer(GIBIBYTE),
    ]);
  });
  afterAll(async () => {
    await berth?.stop();
    rmSync(berth.data, { recursive: true, force: true });
  });

  test('goes through skopeo, there and back', async () => {
    const mediaType = 'application/vnd.oci.image.layer.v1.tar+gzip';
    const { size } = statSync(layer.file);
    expect(size).toBeGreaterThan(GIBIBYTE);
    const blob = { descriptor: { mediaType, digest: layer.digest, size }, content: Buffer.alloc(0) };
    const layout = ociLayout(assembled([blob], [layer.diffId]));
    renameSync(layer.file, join(layout, 'blobs', layer.digest.replace(':', '/')));

    const store = newStore();
    const login = `--username=${ADMIN.account} --password=${ADMIN.password} --tls-verify=false`.split(' ');
    const signedIn = await store.run('skopeo', ['login', ...login, `127.0.0.1:${berth.port}`]);
    expect(signedIn.code, signedIn.all).toBe(0);
    const remote = `docker://127.0.0.1:${berth.port}/large/image:v1`;
    const push = ['copy', '--preserve-digests', '--dest-tls-verify=false', `oci:${layout}`, remote];
    const pushed = await store.run('skopeo', push);
    expect(pushed.code, pushed.all).toBe(0);
    rmSync(layout, { recursive: true });

    const back = folder('back');
    const pulled = await store.run('skopeo', ['copy', '--src-tls-verify=false', remote, `dir:${back}`]);
    expect(pulled.code, pulled.all).toBe(0);
    const hash = createHash('sha256');
    await pipeline(createReadStream(join(back, layer.digest.replace('sha256:', ''))), hash);
    expect(`sha256:${hash.digest('hex')}`).toBe(layer.digest);
    rmSync(back, { recursive: true });
  });
});

/** Writes a layer with one random file. It is a gzip file that does not compress: what counts is its size. */
async function writeLayer(size: number) {
  const file = join(folder('large'), 'layer');
  const [inner, outer] = [createHash('sha256'), createHash('sha256')];
  async function* archive() {
    const chunk = Buffer.alloc(2 ** 22);
    yield tarHeader('data/large.bin', size);
    for (let left = size; left > 0; left -= chunk.length) {
      yield Buffer.from(randomFillSync(chunk).subarray(0, Math.min(left, chunk.length)));
    }
    yield Buffer.alloc(padding(size) + 1024);
  }
  const hashed = (hash: typeof inner) =>
    async function* (source: AsyncIterable<Buffer>) {
      for await (const chunk of source) {
        hash.update(chunk);
        yield chunk;
      }
    };
  await pipeline(
    Readable.from(archive()),
    hashed(inner),
    createGzip({ level: 0, chunkSize: 2 ** 20 }),
    hashed(outer),
    createWriteStream(file),
  );
  return { file, digest: `sha256:${outer.digest('hex')}`, diffId: `sha256:${inner.digest('hex')}` };
}
