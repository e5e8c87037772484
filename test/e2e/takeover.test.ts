import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { docker } from './clients/docker.ts';
import { skopeo } from './clients/skopeo.ts';
import { BERTH } from './support/berth.ts';
import { answers } from './support/http.ts';
import {
  assembled,
  type BuiltImage,
  blob,
  builtImage,
  type Descriptor,
  OCI_MANIFEST,
  planImage,
  sha256,
} from './support/images.ts';
import { Connections, forEach } from './support/many-repositories.ts';
import { folder } from './support/root.ts';
import { must, run } from './support/run.ts';
import { freePort, type Server, startServer } from './support/server.ts';
import { steps } from './support/steps.ts';

/*
 * A data folder that the real registry 2.8.2 wrote, with 2,000 repositories, pushed by docker, skopeo and by hand, and
 * then damaged. Berth serves it in place, is killed while it takes over, and goes on; every tag and blob is compared
 * with what registry:2 served. Then registry:2 serves the same folder again.
 */

const MANY = 2000;
/** For a machine on which others are busy, too. */
const LONG = { timeout: 180_000 };
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const REVISIONS = (repository: string): string => `repositories/${repository}/_manifests/revisions`;

const descriptorOf = (image: BuiltImage): Descriptor => ({
  ...{ mediaType: image.mediaType, digest: image.digest, size: image.manifest.length },
});

function written(document: Readonly<Record<string, unknown>>): BuiltImage {
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, ...document }));
  return { blobs: [], manifest, mediaType: String(document['mediaType']), digest: sha256(manifest) };
}

describe('a folder of registry 2.8.2, taken over', () => {
  let place: string;
  let port: number;
  let server: Server | undefined;
  let connections: Connections;
  let root: string;
  steps(() => server?.output() ?? '');

  const start = async (command: string): Promise<Server> => {
    server = await startServer({
      name: command === BERTH ? 'berth' : 'docker-registry',
      command,
      args: ['serve', join(place, 'config.yml')],
      ready: () => answers(`http://127.0.0.1:${port}/v2/`),
    });
    connections = new Connections(port);
    return server;
  };
  const stop = async (): Promise<void> => {
    connections?.close();
    await server?.stop();
  };
  const REGISTRY = '/usr/bin/docker-registry';

  beforeAll(async () => {
    place = folder('takeover');
    root = join(place, 'data/docker/registry/v2');
    port = await freePort();
    const lines = [
      'version: 0.1',
      'storage:',
      `  filesystem: {rootdirectory: ${join(place, 'data')}}`,
      '  delete: {enabled: true}',
      `http: {addr: "127.0.0.1:${port}"}`,
      // Tens of thousands of requests are made; the end of the take-over is waited for in the log.
      'log: {level: info, accesslog: {disabled: true}}',
    ];
    writeFileSync(join(place, 'config.yml'), lines.join('\n'));
  });
  afterAll(stop);

  const shared = Buffer.from('a layer that all of the many share');
  /** A config of its own on a layer that is mounted. */
  const numbered = (n: number): BuiltImage =>
    assembled([blob('application/vnd.oci.image.layer.v1.tar', shared)], [sha256(shared), sha256(`${n}`)]);
  const nameOf = (n: number): string => `many/team-${Math.floor(n / 100)}/app-${n % 100}`;

  const images = {
    moved: [builtImage(planImage(1)), builtImage(planImage(1)), builtImage(planImage(2))],
    amd64: builtImage(planImage(1)),
    arm64: builtImage(planImage(1)),
    deleted: builtImage(planImage(1)),
    lost: builtImage(planImage(1)),
    cut: builtImage(planImage(1)),
    vanished: builtImage(planImage(1)),
  };
  const index = written({
    mediaType: OCI_INDEX,
    manifests: [descriptorOf(images.amd64), descriptorOf(images.arm64)],
  });
  const signature = written({
    ...{ mediaType: OCI_MANIFEST, artifactType: 'application/vnd.example.signature', layers: [] },
    ...{ config: images.amd64.blobs.at(-1)?.descriptor, subject: descriptorOf(index) },
  });

  test('registry:2 is filled by docker, skopeo and by hand', LONG, async () => {
    await start(REGISTRY);
    await connections.pushBlob('team/app', shared);
    await forEach(
      Array.from({ length: MANY }, (_, n) => n),
      async (n) => {
        const image = numbered(n);
        await connections.mount(nameOf(n), sha256(shared), 'team/app');
        await connections.pushBlob(nameOf(n), image.blobs.at(-1)?.content ?? shared);
        await connections.putManifest(nameOf(n), 'latest', image);
      },
    );
    for (const image of images.moved) {
      await connections.pushImage('team/app', 'moving', image);
      // Links are dated; moves within one instant have no order.
      await sleep(20);
    }
    for (const child of [images.amd64, images.arm64])
      await connections.pushImage('team/app', child.digest, child);
    await connections.putManifest('team/app', 'multi', index);
    await connections.putManifest('team/app', signature.digest, signature);
    await connections.putManifest('team/app', `sha256-${index.digest.slice(7)}.sig`, signature);
    for (const [tag, image] of Object.entries(images)) {
      if (!Array.isArray(image) && !['amd64', 'arm64'].includes(tag)) {
        await connections.pushImage('team/app', tag, image as BuiltImage);
      }
    }
    const { status } = await connections.ask('DELETE', `/v2/team/app/manifests/${images.deleted.digest}`);
    expect(status).toBe(202);
    const clients = [docker(inject('bed').dockerHost), skopeo()];
    for (const client of clients) {
      const ref = `localhost:${port}/by/${client.name}:1`;
      for (let push = 0; push < 2; push += 1) {
        await client.build(ref, planImage(2));
        const { outcome } = await client.push(ref);
        expect(outcome.code, outcome.all).toBe(0);
      }
      await client.empty();
    }
    await stop();
  });

  const fileOf = (digest = ''): string =>
    join(root, 'blobs/sha256', digest.slice(7, 9), digest.slice(7), 'data');

  test('it is damaged', () => {
    rmSync(fileOf(images.lost.blobs[0]?.descriptor.digest));
    truncateSync(fileOf(images.cut.blobs[0]?.descriptor.digest), 1000);
    rmSync(fileOf(images.vanished.digest));
    writeFileSync(join(root, REVISIONS(nameOf(7)), 'sha256', numbered(7).digest.slice(7), 'link'), '');
    writeFileSync(join(root, 'repositories/team/app/_manifests/tags/moving/current/link.tmp'), 'sha256:');
    writeFileSync(join(root, 'repositories/team/app/notes.txt'), 'foreign');
  });

  /** Everything that clients can see, by path. */
  const everything = async (isAsked = (_name: string) => true): Promise<Map<string, string>> => {
    const seen = new Map<string, string>();
    const look = async (path: string): Promise<string> => {
      const { status, digest, type, sha256: sum, text } = await connections.ask('GET', path);
      const isList = path.endsWith('/tags/list');
      seen.set(path, status !== 200 ? 'none' : isList ? text.trim() : `${digest} ${type} ${sum}`);
      return status === 200 ? text : '{}';
    };
    const names: string[] = [];
    for (let last = ''; ; last = names.at(-1) ?? '') {
      const { text } = await connections.ask('GET', `/v2/_catalog?n=500&last=${encodeURIComponent(last)}`);
      const page: string[] = JSON.parse(text).repositories;
      names.push(...page);
      if (page.length < 500) break;
    }
    seen.set('catalog', JSON.stringify(names.toSorted()));
    await forEach(names.filter(isAsked), async (name) => {
      const tags: string[] = JSON.parse(await look(`/v2/${name}/tags/list`)).tags ?? [];
      const manifests = [
        ...tags,
        ...(name === 'team/app'
          ? [images.moved[0]?.digest ?? '', images.arm64.digest, images.deleted.digest]
          : []),
      ];
      for (const reference of manifests) {
        const manifest = JSON.parse(await look(`/v2/${name}/manifests/${reference}`));
        for (const part of [manifest.config, ...(manifest.layers ?? [])]) {
          // The layer that all share is looked at in a few of them.
          if (part !== undefined && (part.digest !== sha256(shared) || name.endsWith('-7')))
            await look(`/v2/${name}/blobs/${part.digest}`);
        }
      }
    });
    return seen;
  };

  /** Path, size, time and content of every file. */
  const inventory = (): Map<string, string> =>
    new Map(
      readdirSync(root, { recursive: true, encoding: 'utf8' }).map((path) => {
        const stats = lstatSync(join(root, path));
        const content = stats.isFile()
          ? createHash('sha256')
              .update(readFileSync(join(root, path)))
              .digest('hex')
          : '';
        return [
          path,
          `${stats.isFile() ? stats.size : ''} ${stats.mtimeMs} ${stats.ino} ${stats.mode} ${content}`,
        ];
      }),
    );

  let before: Map<string, string>;
  let files: Map<string, string>;

  test('registry:2 serves what is left', LONG, async () => {
    await start(REGISTRY);
    before = await everything();
    await stop();
    files = inventory();
    expect(before.size).toBeGreaterThan(3 * MANY);
  });

  const report = async (): Promise<{
    readonly isFinished: boolean;
    readonly repositories: number;
    readonly waiting: number;
    readonly findings: readonly { readonly kind: string; readonly path: string }[];
  }> => JSON.parse((await run(BERTH, ['takeover', '--report', '--json', join(place, 'config.yml')])).stdout);

  test('Berth answers at once, and goes on after kill -9', LONG, async () => {
    await start(BERTH);
    const first = await connections.ask('GET', `/v2/${nameOf(MANY - 1)}/manifests/latest`);
    expect(first.sha256).toBe(numbered(MANY - 1).digest);
    const collect = await run(BERTH, ['garbage-collect', join(place, 'config.yml')]);
    expect(collect).toMatchObject({ code: 1 });
    expect(collect.stderr).toContain('is not finished');
    await server?.kill();
    connections.close();
    const halfway = await report();
    expect(halfway.isFinished).toBe(false);
    await start(BERTH);
    // While it goes on, everything is there already.
    for (const n of [0, 1000, 1999]) {
      const { sha256: sum } = await connections.ask('GET', `/v2/${nameOf(n)}/manifests/latest`);
      expect(sum).toBe(numbered(n).digest);
    }
    const deadline = Date.now() + 80_000;
    while (!server?.output().includes('is taken over') && Date.now() < deadline) await sleep(200);
    expect(await report()).toMatchObject({ isFinished: true, waiting: 0, repositories: MANY + 3 });
  });

  test('every tag and blob is what registry:2 served', LONG, async () => {
    const after = await everything();
    const different = [...new Set([...before.keys(), ...after.keys()])]
      .filter((path) => before.get(path) !== after.get(path))
      .toSorted();
    const app = '/v2/team/app';
    const many = `/v2/${nameOf(7)}`;
    // registry:2 lists tags that it cannot serve, and serves what is left of a blob.
    expect(different).toEqual(
      [
        `${app}/tags/list`,
        `${app}/manifests/deleted`,
        `${app}/manifests/vanished`,
        `${many}/tags/list`,
        `${many}/manifests/latest`,
        `${app}/blobs/${images.cut.blobs[0]?.descriptor.digest}`,
      ]
        .filter((path) => before.get(path) !== after.get(path))
        .toSorted(),
    );
    expect(after.get(`${app}/manifests/lost`)).toBe(before.get(`${app}/manifests/lost`));
    expect(after.get(`${app}/manifests/lost`)).toContain(images.lost.digest);
    for (const path of different)
      expect(['none', undefined].includes(after.get(path)) || path.endsWith('/tags/list')).toBe(true);
  });

  test('the history of tags and the referrers are there', async () => {
    const history = await connections.ask('GET', '/v2/team/app/_oci/tag-history/moving');
    const positions = images.moved.map(({ digest }) => history.text.indexOf(digest));
    expect(positions.every((position) => position > 0)).toBe(true);
    expect(positions).toEqual(positions.toSorted((a, b) => b - a));
    const referrers = await connections.ask('GET', `/v2/team/app/referrers/${index.digest}`);
    expect(referrers.text).toContain(signature.digest);
  });

  test('what is damaged is told, with its place', async () => {
    const { findings } = await report();
    const told = findings.map(({ kind, path }) => [kind, path.replace('docker/registry/v2/', '')]);
    const layer = images.lost.blobs[0]?.descriptor.digest.slice(7);
    expect(told).toEqual(
      expect.arrayContaining([
        ['missing-blob', `repositories/team/app/_layers/sha256/${layer}/link`],
        ['damaged-blob', fileOf(images.cut.blobs[0]?.descriptor.digest).slice(root.length + 1)],
        ['missing-manifest', `${REVISIONS('team/app')}/sha256/${images.vanished.digest.slice(7)}/link`],
        ['empty-link', `${REVISIONS(nameOf(7))}/sha256/${numbered(7).digest.slice(7)}/link`],
        ['foreign', 'repositories/team/app/notes.txt'],
      ]),
    );
    const people = await run(BERTH, ['takeover', '--report', join(place, 'config.yml')]);
    expect(people.code).toBe(1);
    expect(people.stdout).toContain('What to do:');
  });

  test('clients pull it, push to it, and mend it', async () => {
    const pulled = join(folder('pulled'), 'layout');
    const from = `docker://localhost:${port}/team/app:multi`;
    await must('skopeo', ['copy', '--all', '--src-tls-verify=false', from, `oci:${pulled}:multi`]);
    const client = docker(inject('bed').dockerHost);
    const { outcome } = await client.pull(`localhost:${port}/by/docker:1`);
    expect(outcome.code, outcome.all).toBe(0);
    await client.empty();
    await connections.pushImage('team/app', 'cut', images.cut);
    const mended = images.cut.blobs[0]?.descriptor.digest ?? '';
    const { sha256: sum } = await connections.ask('GET', `/v2/team/app/blobs/${mended}`);
    expect(sum).toBe(mended);
  });

  test('nothing of the folder was changed, and registry:2 serves it again', LONG, async () => {
    await stop();
    expect(changes(files, inventory())).toEqual([]);
    await start(REGISTRY);
    const again = await everything((name) => !name.startsWith('many/') || name.endsWith('-7'));
    expect([...again].filter(([path, seen]) => before.get(path) !== seen)).toEqual([]);
    expect(again.size).toBeGreaterThan(100);
    await connections.pushImage('team/app', 'after-berth', images.amd64);
    await stop();
  });

  test('what was pushed to registry:2 since is taken in', async () => {
    const { code, stdout } = await run(BERTH, ['takeover', '--again', join(place, 'config.yml')]);
    expect(code).toBe(1);
    expect(stdout).toContain('The take-over was finished');
    await start(BERTH);
    const { digest } = await connections.ask('GET', '/v2/team/app/manifests/after-berth');
    expect(digest).toBe(images.amd64.digest);
  });
});

function changes(before: Map<string, string>, after: Map<string, string>): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter(
    (path) => before.get(path) !== after.get(path),
  );
}
