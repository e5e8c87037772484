import {
  chmodSync,
  existsSync,
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
import { openState } from '../../src/cli/state.ts';
import { Workplace } from '../support/berth-process.ts';
import { OriginalFolder } from '../support/original-folder.ts';

/* `berth takeover`, and starts on folders that are not as they should be, as processes. */

describe('berth takeover', () => {
  let place: Workplace;
  let data: string;
  beforeEach(() => {
    place = new Workplace();
    data = join(place.folder, 'data');
    writeFileSync(
      join(place.folder, 'config.yml'),
      'version: 0.1\nstorage: {filesystem: {rootdirectory: data}, delete: {enabled: true}}\nhttp: {addr: 127.0.0.1:0}\n',
    );
  });
  afterEach(() => place.clear());

  const takeover = (...args: string[]) => place.run(['takeover', ...args, 'config.yml']);
  const serve = () => place.run(['serve', 'config.yml']);
  const tree = (): string[] =>
    readdirSync(data, { recursive: true, encoding: 'utf8' })
      .map((path) => `${path} ${statSync(join(data, path), { throwIfNoEntry: false })?.mtimeMs}`)
      .toSorted();
  const isRoot = process.getuid?.() === 0;

  it('says how far it is, and 0 where nothing is amiss', async () => {
    const original = new OriginalFolder(data);
    for (let n = 0; n < 5; n += 1) original.image(`app-${n}`, [`layer ${n}`], { tag: 'latest' });
    const done = await takeover();
    expect(done).toMatchObject({ code: 0 });
    expect(done.stdout).toContain('Taken over: 5 repositories, 5 manifests, 5 tags, 10 blobs.');
    expect(done.stderr).toContain('5 of 5 repositories');
    const told = await takeover('--report');
    expect(told).toMatchObject({ code: 0, stderr: '' });
    const json = await takeover('--report', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      isFinished: true,
      repositories: 5,
      waiting: 0,
      findings: [],
    });
  });

  it('tells each problem with its place and what to do, and 1', async () => {
    const original = new OriginalFolder(data);
    const { layers } = original.image('app', ['a layer'], { tag: 'latest' });
    truncateSync(join(original.root, OriginalFolder.pathOf(layers[0] ?? '')), 2);
    expect((await takeover()).code).toBe(1);
    const told = await takeover('--report');
    expect(told.code).toBe(1);
    expect(told.stdout).toMatch(/1 × damaged-blob: .*\n/);
    expect(told.stdout).toMatch(
      /What to do: push the image again.*\n {2}docker\/registry\/v2\/blobs\/sha256\/.*2 of 7 bytes/,
    );
    const json = JSON.parse((await takeover('--report', '--json')).stdout);
    expect(json).toMatchObject({
      counts: { 'damaged-blob': 1 },
      findings: [{ kind: 'damaged-blob', isProblem: true, detail: '2 of 7 bytes' }],
    });
  });

  it('goes on after kill -9, and reports 2 before that', { timeout: 60_000 }, async () => {
    const original = new OriginalFolder(data);
    for (let n = 0; n < 100; n += 1) original.image(`app-${n}`, [`layer ${n}`], { tag: 'latest' });
    const running = place.start(['takeover', 'config.yml']);
    await expect.poll(() => running.stderr, { timeout: 10_000 }).toContain('of 100 repositories');
    await running.stop('SIGKILL');
    const halfway = await takeover('--report', '--json');
    if (halfway.code === 2) expect(JSON.parse(halfway.stdout)).toMatchObject({ isFinished: false });
    expect((await takeover()).stdout).toContain('Taken over: 100 repositories, 100 manifests, 100 tags');
  });

  it('frees what nothing uses only where garbage-collect is asked for', async () => {
    const original = new OriginalFolder(data);
    original.image('app', ['a layer'], { tag: 'latest' });
    const orphanPath = OriginalFolder.pathOf(original.bytes('an orphan'));
    const early = await place.run(['garbage-collect', 'config.yml']);
    expect(early).toMatchObject({ code: 1 });
    expect(early.stderr).toMatch(/serve, or .* makes one/);
    await takeover();
    const orphan = (): boolean => existsSync(join(original.root, orphanPath));
    const planned = await place.run(['garbage-collect', '-d', 'config.yml']);
    expect(planned.stdout).toContain('1 files of registry:2 that no repository uses');
    expect(orphan()).toBe(true);
    const freed = await place.run(['garbage-collect', '--grace', '0', 'config.yml']);
    expect(freed.stdout).toMatch(/Freed 9 bytes/);
    expect(orphan()).toBe(false);
  });

  describe('leaves as it is', () => {
    it('a folder that is no registry’s', async () => {
      mkdirSync(join(data, 'photos'), { recursive: true });
      writeFileSync(join(data, 'notes.txt'), 'mine');
      const before = tree();
      const refused = await takeover();
      expect(refused).toMatchObject({ code: 2 });
      expect(refused.stderr).toMatch(
        /nothing to take over in .*docker\/registry\/v2\/blobs.*here there is notes.txt, photos/,
      );
      expect((await takeover('--report')).code).toBe(2);
      expect(tree()).toEqual(before);
      // As before, a registry may be started beside what is not its own.
      const { process } = await place.serve({}, ['config.yml']);
      await process.stop();
    });

    it('a folder inside of one', async () => {
      const inside = new OriginalFolder(join(data, 'below'));
      inside.image('app', ['x'], { tag: 'latest' });
      const config =
        'version: 0.1\nstorage: {filesystem: {rootdirectory: data/below/docker/registry/v2}}\nhttp: {addr: 127.0.0.1:0}\n';
      writeFileSync(join(place.folder, 'config.yml'), config);
      const before = tree();
      const refused = await serve();
      expect(refused).toMatchObject({ code: 1 });
      expect(refused.stderr).toContain(`its root directory is ${join(data, 'below')}`);
      expect(tree()).toEqual(before);
    });

    for (const missing of ['blobs', 'repositories']) {
      it(`one that was copied without ${missing}`, async () => {
        const original = new OriginalFolder(data);
        original.image('app', ['x'], { tag: 'latest' });
        rmSync(join(original.root, missing), { recursive: true });
        const before = tree();
        for (const refused of [await serve(), await takeover()]) {
          expect(refused.code).not.toBe(0);
          expect(refused.stderr).toMatch(new RegExp(`copied in part: .* has \\w+ and no ${missing}`));
        }
        expect(tree()).toEqual(before);
      });
    }

    it('one behind a symbolic link', async () => {
      const elsewhere = new OriginalFolder(join(place.folder, 'elsewhere'));
      elsewhere.image('app', ['x'], { tag: 'latest' });
      mkdirSync(data);
      symlinkSync(join(place.folder, 'elsewhere/docker'), join(data, 'docker'));
      const before = tree();
      const refused = await serve();
      expect(refused).toMatchObject({ code: 1 });
      expect(refused.stderr).toContain('is a symbolic link');
      expect(tree()).toEqual(before);
    });

    it('one whose index is a later version’s, or no index', async () => {
      new OriginalFolder(data).image('app', ['x'], { tag: 'latest' });
      writeFileSync(
        join(data, 'berth.db'),
        'this is no database, but long enough to look like one'.repeat(100),
      );
      const before = tree().filter((entry) => entry.startsWith('docker'));
      const refused = await serve();
      expect(refused).toMatchObject({ code: 1 });
      expect(refused.stderr).toContain('the index file is damaged, or it is no index');
      expect(tree().filter((entry) => entry.startsWith('docker'))).toEqual(before);
    });

    it.skipIf(isRoot)('one that may not be read', async () => {
      const original = new OriginalFolder(data);
      original.image('app', ['x'], { tag: 'latest' });
      chmodSync(join(original.root, 'blobs'), 0o000);
      const refused = await serve();
      chmodSync(join(original.root, 'blobs'), 0o755);
      expect(refused).toMatchObject({ code: 1 });
      expect(refused.stderr).toContain('permission denied');
      expect(tree().some((entry) => entry.startsWith('berth.db'))).toBe(false);
    });

    it('one of which the rest is gone before it was finished', async () => {
      const original = new OriginalFolder(data);
      original.image('app', ['x'], { tag: 'latest' });
      const { index } = await openState(data);
      await index.takeOver.begin(Date.now());
      await index.close();
      rmSync(join(data, 'docker'), { recursive: true });
      const refused = await serve();
      expect(refused).toMatchObject({ code: 1 });
      expect(refused.stderr).toContain('Is a disk not mounted?');
    });
  });

  it('is not needed for a registry that was given up before anything was pushed', async () => {
    const original = new OriginalFolder(data);
    rmSync(join(original.root, 'blobs'), { recursive: true });
    original.file('repositories/app/_uploads/5e1a/startedat', '2024-01-01T00:00:00Z');
    const { process, url } = await place.serve({}, ['config.yml']);
    expect(await (await fetch(`${url}/v2/_catalog`)).json()).toEqual({ repositories: [] });
    await process.stop();
  });
});
