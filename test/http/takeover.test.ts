import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OriginalTree, TreeFault } from '../../src/content/original-tree.ts';
import type { TakeOverFinding } from '../../src/index/takeover.ts';
import { collectGarbage } from '../../src/lifecycle/collect/collect-garbage.ts';
import { FULL_SPEED } from '../../src/lifecycle/collect/pace.ts';
import { TakeOver } from '../../src/lifecycle/takeover/take-over.ts';
import { parseRepositoryName } from '../../src/oci/reference.ts';
import { newFolder, removeFolder } from '../support/folders.ts';
import { type FrontDoor, openFrontDoor, recordedLog } from '../support/front-door.ts';
import {
  DOCKER_IMAGE,
  descriptor,
  digestOf,
  OCI_CONFIG,
  OCI_IMAGE,
  OCI_INDEX,
  OCI_LAYER,
  pushBlob,
} from '../support/oci-content.ts';
import { OriginalFolder } from '../support/original-folder.ts';

/* A data folder that registry:2 wrote, served in place. Nothing of it changes. */

const ACCEPT = { accept: [OCI_IMAGE, OCI_INDEX, DOCKER_IMAGE].join(', ') };
const OLD = Date.UTC(2024, 0, 1);
const DAY = 86_400_000;

/** An empty folder outside of the data folder. */
function newFolderIn(folder: string): string {
  const place = join(folder, 'elsewhere');
  mkdirSync(place);
  return place;
}

describe('a folder of registry:2', () => {
  let folder: string;
  let original: OriginalFolder;
  let door: FrontDoor | undefined;
  beforeEach(async () => {
    folder = await newFolder();
    original = new OriginalFolder(join(folder, 'data'));
  });
  afterEach(async () => {
    await door?.close();
    door = undefined;
    await removeFolder(folder);
  });

  const open = async (): Promise<FrontDoor> => {
    await door?.close();
    door = await openFrontDoor({ folder });
    return door;
  };
  const get = async (path: string, method = 'GET') =>
    (door ?? (await open())).send(method, `/v2/${path}`, { headers: ACCEPT });

  const takeOver = (): TakeOver => {
    if (door?.state.originals === undefined) throw new Error('the folder is not one of registry:2');
    const { index, content, originals: tree } = door.state;
    return new TakeOver({
      ...{ index, content, tree, clock: { now: Date.now }, log: recordedLog() },
      ...{ pace: FULL_SPEED, lanes: 3 },
    });
  };
  const findings = async (): Promise<[string, string][]> => {
    const found: readonly TakeOverFinding[] =
      (await door?.state.index.takeOver.findings({ after: undefined, limit: 1000 })) ?? [];
    return found.map(({ kind, path }) => [kind, path.replace(/^docker\/registry\/v2\//, '')]);
  };
  /** All that is there, as it is. */
  const inventory = (): string[] =>
    readdirSync(original.root, { recursive: true, encoding: 'utf8' })
      .map((path) => [path, lstatSync(join(original.root, path))] as const)
      .map(([path, stats]) => `${path} ${stats.isFile() ? stats.size : ''} ${stats.mtimeMs} ${stats.ino}`)
      .toSorted();
  const again = async (): Promise<void> => {
    await door?.state.index.takeOver.beginAgain(Date.now());
    await takeOver().run();
  };

  describe('before the take-over came to it', () => {
    it('is served: a tag, a manifest, a blob and a part of it', async () => {
      const image = original.image('team/app', ['first layer', 'second layer'], { tag: '1.0' });
      const before = inventory();
      const byTag = await get('team/app/manifests/1.0');
      expect(byTag.status).toBe(200);
      expect(byTag.headers).toMatchObject({
        'content-type': OCI_IMAGE,
        'docker-content-digest': image.digest,
      });
      expect(digestOf(byTag.body)).toBe(image.digest);
      expect((await get(`team/app/manifests/${image.digest}`, 'HEAD')).status).toBe(200);
      expect((await get(`team/app/blobs/${image.layers[0]}`)).text).toBe('first layer');
      const part = await door?.send('GET', `/v2/team/app/blobs/${image.layers[1]}`, {
        headers: { range: 'bytes=7-11' },
      });
      expect(part).toMatchObject({ status: 206, text: 'layer' });
      expect((await get('team/app/tags/list')).json()).toEqual({ name: 'team/app', tags: ['1.0'] });
      expect(inventory()).toEqual(before);
      expect(readdirSync(join(folder, 'data/content'))).toEqual([]);
    });

    it('has the whole catalog, without repositories that never had a manifest', async () => {
      original.image('b/c', ['x'], { tag: 'latest' });
      original.image('b', ['x'], { tag: 'latest' });
      original.blob('only/blobs', 'y');
      original.image('a-1', ['x']);
      expect((await get('_catalog')).json()).toEqual({ repositories: ['a-1', 'b', 'b/c'] });
      expect((await get(`only/blobs/blobs/${digestOf('y')}`)).text).toBe('y');
    });

    it('answers many who ask for the same at once, and knows what is not there', async () => {
      const { digest } = original.image('team/app', ['x'], { tag: 'latest' });
      await open();
      const answers = await Promise.all(Array.from({ length: 20 }, () => get('team/app/manifests/latest')));
      expect(new Set(answers.map(({ headers }) => headers['docker-content-digest']))).toEqual(
        new Set([digest]),
      );
      expect((await get('team/app/manifests/none')).codes).toEqual(['MANIFEST_UNKNOWN']);
      expect((await get('team/none/manifests/latest')).codes).toEqual(['MANIFEST_UNKNOWN']);
      expect((await get('team/none/tags/list')).codes).toEqual(['NAME_UNKNOWN']);
      expect(await door?.state.index.garbage.repositories({ after: undefined, limit: 10 })).toEqual([
        'team/app',
      ]);
    });

    it('takes pushes, mounts, moves and deletes as if it had always been here', async () => {
      const image = original.image('team/app', ['shared'], { tag: 'latest' });
      original.image('team/gone', ['x'], { tag: 'latest' });
      const registry = await open();
      const mount = `/v2/other/blobs/uploads/?mount=${image.layers[0]}&from=team/app`;
      expect((await registry.send('POST', mount)).status).toBe(201);
      const config = await pushBlob(registry, 'team/app', '{"new":true}');
      const body = JSON.stringify({
        schemaVersion: 2,
        mediaType: OCI_IMAGE,
        config: descriptor('{"new":true}', OCI_CONFIG),
        layers: [descriptor('shared', OCI_LAYER)],
      });
      const headers = { 'content-type': OCI_IMAGE };
      expect((await registry.send('PUT', '/v2/team/app/manifests/latest', { body, headers })).status).toBe(
        201,
      );
      expect((await registry.send('DELETE', '/v2/team/gone/manifests/latest')).status).toBe(202);
      await takeOver().run();
      expect((await get('team/app/manifests/latest')).text).toBe(body);
      expect((await get(`team/app/blobs/${config}`)).status).toBe(200);
      expect((await get(`team/app/manifests/${image.digest}`)).status).toBe(200);
      expect((await get('team/gone/tags/list')).json()).toEqual({ name: 'team/gone', tags: [] });
    });

    it('lends its layers to a push that names no repository, and to none that may not see them', async () => {
      const image = original.image('team/app', ['shared'], { tag: 'latest' });
      for (let n = 0; n < 70; n += 1) original.image(`a/${n}`, [`other ${n}`], { tag: 'latest' });
      const registry = await open();
      const mount = (digest = '') => registry.send('POST', `/v2/new/blobs/uploads/?mount=${digest}`);
      const { takeOver: known } = registry.state.index;
      expect((await mount(image.layers[0])).status).toBe(201);
      expect(await known.isDone(parseRepositoryName('team/app'))).toBe(true);
      expect((await mount(digestOf('nowhere'))).status).toBe(202);
      // The bytes are there, and in no repository.
      expect((await mount(original.bytes('unlinked'))).status).toBe(202);
      expect(await known.isDone(parseRepositoryName('a/1'))).toBe(false);
      const [hidden] = [original.image('secret/app', ['hidden'])];
      await takeOver().holder(hidden.layers[0] as never, ['a/1', 'a/2']);
      expect(await known.isDone(parseRepositoryName('secret/app'))).not.toBe(true);
    });

    it('is explained, brought back and looked through by the admin API', async () => {
      const image = original.image('team/app', ['x'], { tag: '1.0' });
      original.image('team/b', ['y'], { tag: '1.0' });
      original.image('team/c', ['z'], { tag: '1.0' });
      const registry = await open();
      const { body: planned, status } = await registry.send('POST', '/api/v1/garbage-collection', {
        headers: { 'content-type': 'application/json' },
        body: '{"dryRun": true}',
      });
      expect([status, planned.toString()]).toEqual([409, expect.stringContaining('is not finished')]);
      const blob = await registry.send('GET', `/api/v1/explain/blob?digest=${image.layers[0]}`);
      expect(blob.json()).toMatchObject({ fate: 'kept' });
      const explained = await registry.send('GET', '/api/v1/explain/tag?repository=team/b&tag=1.0');
      expect(explained.json()).toMatchObject({ fate: 'kept' });
      const restored = await registry.send('POST', '/api/v1/undelete', {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ repository: 'team/c', tag: '1.0' }),
      });
      expect(restored.codes).toEqual(['NOT_KEPT']);
      expect(await registry.state.index.takeOver.isDone(parseRepositoryName('team/c'))).toBe(true);
    });

    it('is not collected', async () => {
      original.image('team/app', ['x'], { tag: 'latest' });
      await open();
      const { assertTakenOver } = await import('../../src/cli/take-over.ts');
      if (door === undefined) throw new Error('not open');
      await expect(assertTakenOver(door.state)).rejects.toThrow(/it has not begun.*berth takeover/s);
      await takeOver().run();
      await assertTakenOver(door.state);
    });
  });

  it('goes on in the background, and is finished once', async () => {
    for (let n = 0; n < 30; n += 1) original.image(`team/app-${n}`, [`layer ${n}`], { tag: 'latest' });
    const before = inventory();
    const registry = await open();
    registry.startJobs();
    await expect
      .poll(async () => (await registry.state.index.takeOver.status())?.finishedAtMs, { timeout: 20_000 })
      .toBeGreaterThan(0);
    expect(await registry.state.index.takeOver.figures()).toMatchObject({
      ...{ repositories: 30, waiting: 0, manifests: 30, tags: 30, blobs: 60, findings: 0 },
      ...{ unusedFiles: 0, unusedBytes: 0 },
    });
    expect(inventory()).toEqual(before);
    await open();
    expect(door?.state.originals).toBeDefined();
    expect((await get('team/app-7/manifests/latest')).status).toBe(200);
  });

  it('is ready from the first moment, and says at /readyz how far it is', async () => {
    for (const name of ['a', 'b', 'c']) original.image(name, [name], { tag: 'latest' });
    const registry = await open();
    const ready = async () => (await registry.send('GET', '/readyz')).json();
    expect(await ready()).toEqual({ status: 'ok', takeOver: { percent: 0 } });
    await get('_catalog');
    await get('b/manifests/latest');
    expect(await ready()).toEqual({ status: 'ok', takeOver: { percent: 33 } });
    registry.startJobs();
    await expect.poll(ready).toEqual({ status: 'ok' });
  });

  it('that is not there any more is missed for as long as blobs are served from it', async () => {
    const image = original.image('app', ['x'], { tag: 'latest' });
    const registry = await open();
    await takeOver().run();
    await registry.close();
    door = undefined;
    rmSync(join(folder, 'data/docker'), { recursive: true });
    const opening = openFrontDoor({ folder });
    await expect(opening).rejects.toThrow(
      /blobs are served from.*docker\/registry\/v2 is gone.*not mounted/s,
    );
    for (const part of ['blobs', 'repositories']) mkdirSync(join(original.root, part), { recursive: true });
    expect((await get(`app/blobs/${image.layers[0]}`)).status).toBe(404);
    for (const content of ['x', '{}']) await pushBlob(await open(), 'app', content);
    rmSync(join(folder, 'data/docker'), { recursive: true });
    expect((await (await open()).send('GET', `/v2/app/blobs/${image.layers[0]}`)).text).toBe('x');
  });

  it('is taken over by two processes at once, each thing once', async () => {
    for (let n = 0; n < 20; n += 1) original.image(`app-${n}`, [`layer ${n}`], { tag: 'latest' });
    await open();
    const other = await openFrontDoor({ folder });
    try {
      const { index, content, originals: tree } = other.state;
      if (tree === undefined) throw new Error('no tree');
      const second = new TakeOver({
        ...{ index, content, tree, clock: { now: Date.now }, log: recordedLog() },
        ...{ pace: FULL_SPEED, lanes: 3 },
      });
      await Promise.all([takeOver().run(), second.run()]);
      // One of them may have ended because the other was still at work.
      await takeOver().run();
    } finally {
      await other.close();
    }
    expect(await door?.state.index.takeOver.figures()).toMatchObject({
      ...{ repositories: 20, waiting: 0, manifests: 20, tags: 20, blobs: 40 },
    });
  });

  it('goes on where it was stopped', async () => {
    for (let n = 0; n < 40; n += 1) original.image(`app-${n}`, [`layer ${n}`], { tag: 'latest' });
    await open();
    const first = takeOver();
    const running = first.run();
    const figures = () => door?.state.index.takeOver.figures();
    await expect.poll(async () => ((await figures())?.manifests ?? 0) > 0).toBe(true);
    await first.stop();
    await running;
    const halfway = await figures();
    await open();
    await takeOver().run();
    expect(await figures()).toMatchObject({ waiting: 0, manifests: 40, tags: 40 });
    expect(halfway?.finishedAtMs).toBeUndefined();
  });

  describe('tells', () => {
    it('the history of tags', async () => {
      const first = original.image('app', ['1'], { tag: 'latest', atMs: OLD });
      const second = original.image('app', ['2'], { tag: 'latest', atMs: OLD + DAY });
      const third = original.image('app', ['3'], { tag: 'latest', atMs: OLD + 2 * DAY });
      // Rolled back: the first one's link is written anew.
      original.tag('app', 'latest', first.digest, OLD + 3 * DAY);
      const history = await get('app/_oci/tag-history/latest');
      expect(history.status).toBe(200);
      for (const { digest } of [first, second, third]) expect(history.text).toContain(digest);
      const order = [first, third, second].map(({ digest }) => history.text.indexOf(digest));
      expect(order).toEqual(order.toSorted((a, b) => a - b));
      expect((await get('app/manifests/latest')).headers['docker-content-digest']).toBe(first.digest);
    });

    it('types that no file tells, and indexes with what refers to them', async () => {
      const child = original.image('app', ['1']);
      const size = statSync(join(original.root, OriginalFolder.pathOf(child.digest))).size;
      const listed = { mediaType: OCI_IMAGE, digest: child.digest, size };
      const index = original.manifest('app', { schemaVersion: 2, manifests: [listed] });
      original.tag('app', 'multi', index);
      original.blob('app', '{}');
      const signature = original.manifest('app', {
        schemaVersion: 2,
        config: descriptor('{}', 'application/vnd.example.signature'),
        layers: [],
        subject: listed,
      });
      expect((await get('app/manifests/multi')).headers['content-type']).toBe(OCI_INDEX);
      expect((await get(`app/manifests/${signature}`)).headers['content-type']).toBe(OCI_IMAGE);
      expect((await get(`app/referrers/${child.digest}`)).text).toContain(signature);
    });
  });

  describe('that is not whole', () => {
    it('is served as far as it goes, and everything odd is told', async () => {
      const good = original.image('app', ['good'], { tag: 'good', config: '{"good":1}' });
      const lost = original.image('app', ['lost'], { tag: 'lost' });
      rmSync(join(original.root, OriginalFolder.pathOf(lost.layers[0] ?? '')));
      const cut = original.image('app', ['this was cut'], { tag: 'cut' });
      truncateSync(join(original.root, OriginalFolder.pathOf(cut.layers[0] ?? '')), 4);
      const unlinked = original.image('app', ['unlinked'], { tag: 'unlinked' });
      rmSync(join(original.root, `repositories/app/_layers/${unlinked.layers[0]?.replace(':', '/')}`), {
        recursive: true,
      });
      const corrupt = original.image('app', ['corrupt'], { tag: 'corrupt' });
      writeFileSync(join(original.root, OriginalFolder.pathOf(corrupt.digest)), '{}');
      const gone = original.image('app', ['gone'], { tag: 'gone' });
      rmSync(join(original.root, OriginalFolder.pathOf(gone.digest)));
      original.tag('app', 'dangling', digestOf('nowhere'));
      const manifests = 'repositories/app/_manifests';
      original.file(`${manifests}/tags/empty/current/link`, '');
      original.file(`${manifests}/tags/.bad/current/link`, good.digest);
      original.file(`${manifests}/tags/prose/current/link`, 'see elsewhere');
      original.file(`${manifests}/tags/crashed/current/link.123.tmp`, 'sha2');
      original.manifest('app', '{"schemaVersion":1,"name":"app","fsLayers":[]}');
      original.manifest('app', 'no JSON');
      original.file('repositories/app/_uploads/5e1a/startedat', '2024-01-01T00:00:00Z');
      original.file('repositories/README', 'foreign');
      original.file('repositories/Upper/_manifests/x', '');
      original.file('repositories/app/.DS_Store', '');
      symlinkSync(newFolderIn(folder), join(original.root, 'repositories/linked'));
      original.file('blobs/sha256/zz/what/data', 'x');
      original.file(`${OriginalFolder.pathOf(good.digest)}.tmp`, 'x');
      await open();
      const before = inventory();
      await takeOver().run();
      expect(inventory()).toEqual(before);

      expect((await get('app/manifests/good')).status).toBe(200);
      for (const tag of ['lost', 'cut', 'unlinked'])
        expect((await get(`app/manifests/${tag}`)).status).toBe(200);
      for (const tag of ['corrupt', 'gone', 'dangling', 'empty', 'prose']) {
        expect((await get(`app/manifests/${tag}`)).status, tag).toBe(404);
      }
      for (const digest of [lost.layers[0], cut.layers[0], unlinked.layers[0]]) {
        expect((await get(`app/blobs/${digest}`, 'HEAD')).status).toBe(404);
      }
      expect((await get('_catalog')).json()).toEqual({ repositories: ['app'] });
      const layer = (digest = ''): string => `repositories/app/_layers/${digest.replace(':', '/')}/link`;
      const revision = (digest: string): string => `${manifests}/revisions/${digest.replace(':', '/')}/link`;
      expect(await findings()).toEqual(
        [
          ['missing-blob', layer(lost.layers[0])],
          ['damaged-blob', OriginalFolder.pathOf(cut.layers[0] ?? '')],
          ['unlinked-blob', revision(unlinked.digest)],
          ['damaged-manifest', OriginalFolder.pathOf(corrupt.digest)],
          ['missing-manifest', revision(gone.digest)],
          ['dangling-tag', `${manifests}/tags/dangling/current/link`],
          ['dangling-tag', `${manifests}/tags/corrupt/current/link`],
          ['dangling-tag', `${manifests}/tags/gone/current/link`],
          ['empty-link', `${manifests}/tags/empty/current/link`],
          ['empty-link', `${manifests}/tags/crashed/current/link`],
          ['leftover', `${manifests}/tags/crashed/current/link.123.tmp`],
          ['bad-link', `${manifests}/tags/prose/current/link`],
          ['invalid-name', `${manifests}/tags/.bad`],
          ['schema-1', revision(digestOf('{"schemaVersion":1,"name":"app","fsLayers":[]}'))],
          ['unsupported-manifest', revision(digestOf('no JSON'))],
          ['unfinished-uploads', 'repositories/app/_uploads'],
          ['foreign', 'repositories/README'],
          ['foreign', 'repositories/app/.DS_Store'],
          ['invalid-name', 'repositories/Upper'],
          ['symbolic-link', 'repositories/linked'],
          ['foreign', 'blobs/sha256/zz/what'],
          ['leftover', `${OriginalFolder.pathOf(good.digest)}.tmp`],
        ].toSorted(([a = '', b = ''], [c = '', d = '']) => (a === c ? (b < d ? -1 : 1) : a < c ? -1 : 1)),
      );
    });

    it('is mended by a push, wherever the blob is', async () => {
      const content = 'this was cut';
      const cut = original.image('one', [content], { tag: 'latest' });
      original.image('two', [content], { tag: 'latest' });
      const file = join(original.root, OriginalFolder.pathOf(cut.layers[0] ?? ''));
      truncateSync(file, 4);
      const registry = await open();
      await takeOver().run();
      expect((await get(`two/blobs/${cut.layers[0]}`)).status).toBe(404);
      await pushBlob(registry, 'one', content);
      expect((await get(`two/blobs/${cut.layers[0]}`)).text).toBe(content);
      // The damaged file is not Berth's to remove.
      expect(await registry.state.index.blobs.discarded(10)).toEqual([]);
      await again();
      expect(await findings()).toEqual([]);
      expect((await get(`one/blobs/${cut.layers[0]}`)).text).toBe(content);
    });

    it('tells a manifest that is wrong about a size from a blob that is damaged', async () => {
      const layer = original.blob('app', 'whole');
      const config = original.blob('app', '{}');
      const digest = original.manifest('app', {
        schemaVersion: 2,
        mediaType: OCI_IMAGE,
        config: { mediaType: OCI_CONFIG, digest: config, size: 2 },
        layers: [{ mediaType: OCI_LAYER, digest: layer, size: 500 }],
      });
      original.tag('app', 'latest', digest);
      await open();
      await takeOver().run();
      expect((await get(`app/blobs/${layer}`)).text).toBe('whole');
      expect((await findings()).map(([kind]) => kind)).toEqual(['wrong-size']);
    });

    it('is told where it may not be read, and tried again where the disk failed', async () => {
      const denied = original.image('denied', ['may not be read'], { tag: 'latest' });
      original.image('broken', ['x'], { tag: 'latest' });
      original.image('fine', ['x'], { tag: 'latest' });
      const registry = await open();
      const { index, content, originals } = registry.state;
      if (originals === undefined) throw new Error('no tree');
      let isBroken = true;
      const tree: OriginalTree = {
        list: (path) => originals.list(path),
        isCache: () => originals.isCache(),
        close: () => originals.close(),
        read: async (path, maxBytes) => {
          if (isBroken && path.startsWith('repositories/broken/')) throw new Error('EIO');
          return originals.read(path, maxBytes);
        },
        sizeBytes: async (path) => {
          if (path === OriginalFolder.pathOf(denied.layers[0] ?? '')) throw new TreeFault(path, 'denied');
          return originals.sizeBytes(path);
        },
      };
      const failing = new TakeOver({
        ...{ index, content, tree, clock: { now: Date.now }, log: recordedLog() },
        ...{ pace: FULL_SPEED, lanes: 3 },
      });
      await expect(failing.run()).rejects.toThrow('1 repositories could not be taken over: broken');
      await expect(failing.repository(parseRepositoryName('broken'))).rejects.toThrow('EIO');
      expect((await index.takeOver.status())?.finishedAtMs).toBeUndefined();
      expect(await index.takeOver.waiting({ after: undefined, limit: 10 })).toEqual(['broken']);
      isBroken = false;
      await failing.run();
      expect(failing.isFinished).toBe(true);
      expect((await get('broken/manifests/latest')).status).toBe(200);
      expect((await get('denied/manifests/latest')).status).toBe(200);
      expect(await findings()).toEqual([['unreadable', OriginalFolder.pathOf(denied.layers[0] ?? '')]]);
      // It can be read now.
      await again();
      expect(await findings()).toEqual([]);
      expect((await get(`denied/blobs/${denied.layers[0]}`)).text).toBe('may not be read');
    });

    it('never leads out of the folder', async () => {
      const secret = join(folder, 'secret');
      writeFileSync(secret, 'outside');
      const digest = digestOf('outside');
      original.layerLink('app', digest);
      original.file(`${OriginalFolder.pathOf(digest)}/../x`, '');
      symlinkSync(secret, join(original.root, OriginalFolder.pathOf(digest)));
      await open();
      await takeOver().run();
      expect((await get(`app/blobs/${digest}`)).status).toBe(404);
      expect((await findings()).map(([kind]) => kind)).toContain('symbolic-link');
    });
  });

  describe('taken over again', () => {
    it('brings what the other registry stored since, and nothing that was deleted here', async () => {
      const kept = original.image('app', ['kept'], { tag: 'kept', atMs: OLD });
      const deleted = original.image('app', ['deleted'], { tag: 'deleted', atMs: OLD });
      original.image('app', ['moved here'], { tag: 'here', atMs: OLD });
      const registry = await open();
      await takeOver().run();
      expect((await registry.send('DELETE', `/v2/app/manifests/${deleted.digest}`)).status).toBe(202);
      expect((await registry.send('DELETE', `/v2/app/blobs/${deleted.layers[0]}`)).status).toBe(202);
      const put = await get(`app/manifests/${kept.digest}`);
      const headers = { 'content-type': OCI_IMAGE };
      await registry.send('PUT', '/v2/app/manifests/here', { body: put.body, headers });

      await again();
      expect((await get(`app/manifests/${deleted.digest}`)).status).toBe(404);
      expect((await get('app/tags/list')).json()).toEqual({ name: 'app', tags: ['here', 'kept'] });
      expect((await get(`app/blobs/${deleted.layers[0]}`)).status).toBe(404);
      expect(await findings()).toEqual([]);

      const later = Date.now() + 1000;
      const newer = original.image('app', ['newer'], { tag: 'kept', atMs: later });
      original.image('app', ['moved there'], { tag: 'here', atMs: later });
      original.image('new', ['new'], { tag: 'latest', atMs: later });
      await again();
      expect((await get('app/manifests/kept')).headers['docker-content-digest']).toBe(newer.digest);
      expect((await get('app/manifests/here')).headers['docker-content-digest']).toBe(kept.digest);
      expect((await get('new/manifests/latest')).status).toBe(200);
      expect((await findings()).map(([kind]) => kind)).toEqual(['tag-kept']);

      // Pushed there once more, after it was deleted here.
      original.image('app', ['deleted'], { tag: 'deleted', atMs: later + 1000 });
      await again();
      expect((await get('app/manifests/deleted')).headers['docker-content-digest']).toBe(deleted.digest);
      expect((await get(`app/blobs/${deleted.layers[0]}`)).text).toBe('deleted');
    });
  });

  describe('garbage', () => {
    const collect = (removesOriginals: boolean) => ({
      rule: { beforeMs: Number.MAX_SAFE_INTEGER, keptSinceMs: undefined, untaggedManifests: true },
      cause: { kind: 'collection', actor: '', rule: '' } as const,
      ...{ clock: { now: Date.now }, dryRun: false, removesOriginals, pace: FULL_SPEED },
    });
    const files = (): string[] =>
      readdirSync(join(original.root, 'blobs'), { recursive: true, encoding: 'utf8' }).filter((path) =>
        path.endsWith('data'),
      );

    it('of registry:2 keeps its files until somebody asks', async () => {
      const kept = original.image('app', ['kept'], { tag: 'kept', atMs: OLD, config: '{"kept":1}' });
      const untagged = original.image('app', ['untagged'], { atMs: OLD });
      original.bytes('an orphan');
      const registry = await open();
      await takeOver().run();
      const before = inventory();
      await collectGarbage(registry.state, collect(false));
      expect((await get(`app/manifests/${untagged.digest}`)).status).toBe(404);
      expect(inventory()).toEqual(before);

      const released = await registry.state.index.takeOver.release({ after: undefined, limit: 1000 });
      // The manifest, its layer, its config and the orphan.
      expect(released.files).toBe(4);
      await collectGarbage(registry.state, collect(true));
      expect(files()).toHaveLength(3);
      expect(existsSync(join(original.root, OriginalFolder.pathOf(kept.digest)))).toBe(true);
      expect((await get('app/manifests/kept')).status).toBe(200);
      expect((await get(`app/blobs/${kept.layers[0]}`)).text).toBe('kept');
      await again();
      expect(await findings()).toEqual([]);
    });

    it('is not released while something waits', async () => {
      original.bytes('an orphan');
      original.image('app', ['x']);
      const registry = await open();
      await takeOver().run();
      await registry.state.index.takeOver.beginAgain(Date.now());
      expect(await registry.state.index.takeOver.release({ after: undefined, limit: 1000 })).toMatchObject({
        files: 0,
      });
    });
  });
});
