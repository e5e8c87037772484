import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { berthServe } from './support/berth.ts';
import { dockerRegistry } from './support/docker-registry.ts';
import { type EventReceiver, type ReceivedEvent, startReceiver } from './support/event-receiver.ts';
import { send } from './support/http.ts';
import { freePort } from './support/server.ts';
import { steps } from './support/steps.ts';

const sha256 = (content: Buffer | string): string =>
  `sha256:${createHash('sha256').update(content).digest('hex')}`;

const DOCKER_IMAGE = 'application/vnd.docker.distribution.manifest.v2+json';
const LAYER = Buffer.from('a layer');
const CONFIG = Buffer.from('{"architecture":"amd64","os":"linux"}');
const MANIFEST = JSON.stringify({
  schemaVersion: 2,
  mediaType: DOCKER_IMAGE,
  config: {
    mediaType: 'application/vnd.docker.container.image.v1+json',
    size: CONFIG.length,
    digest: sha256(CONFIG),
  },
  layers: [
    {
      mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
      size: LAYER.length,
      digest: sha256(LAYER),
    },
  ],
});

/** One endpoint, in variables that both registries understand: registry:2 takes no lists by number. */
function notifying(url: string, more = ''): Record<string, string> {
  return {
    REGISTRY_NOTIFICATIONS_EVENTCONFIG_INCLUDEREFERENCES: 'true',
    REGISTRY_NOTIFICATIONS_ENDPOINTS: `[{name: hook, url: "${url}", timeout: 1s, threshold: 2, backoff: 500ms${more}}]`,
  };
}

const OPEN = { REGISTRY_AUTH: 'none', REGISTRY_STORAGE_DELETE_ENABLED: 'true' };

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const output: { of?: () => string } = {};
steps(() => output.of?.() ?? '');

async function receiver(port?: number): Promise<EventReceiver> {
  const started = await startReceiver(port);
  closers.push(() => started.stop());
  return started;
}

async function berth(env: Record<string, string>) {
  const started = await berthServe({ env: { ...OPEN, ...env } });
  output.of = started.output;
  closers.push(() => started.stop());
  return started;
}

/** A registry without authentication, asked as clients do. */
function clientOf(url: string) {
  const ask = (method: string, path: string, body?: Buffer | string, type = DOCKER_IMAGE) =>
    send(new URL(path, url).href, {
      method,
      headers: {
        accept: DOCKER_IMAGE,
        'user-agent': 'a <client> & more',
        ...(body && { 'content-type': type }),
      },
      ...(body === undefined ? {} : { body }),
    });
  const pushBlob = async (repository: string, content: Buffer) => {
    const begun = await ask('POST', `/v2/${repository}/blobs/uploads/`);
    const target = new URL(begun.headers['location'] ?? '', url);
    target.searchParams.set('digest', sha256(content));
    const answer = await ask('PUT', target.href, content, 'application/octet-stream');
    expect(answer.status).toBe(201);
  };
  const pushTag = async (repository: string, tag: string) => {
    expect((await ask('PUT', `/v2/${repository}/manifests/${tag}`, MANIFEST)).status).toBe(201);
  };
  return { ask, pushBlob, pushTag };
}

type Client = ReturnType<typeof clientOf>;

/** Everything that registry 2.8.2 tells of, one after the other. @returns how many events that makes */
async function everything({ ask, pushBlob, pushTag }: Client): Promise<number> {
  const [manifest, layer] = [`/v2/a/b/manifests/${sha256(MANIFEST)}`, `/v2/a/b/blobs/${sha256(LAYER)}`];
  await pushBlob('a/b', LAYER);
  await pushBlob('a/b', CONFIG);
  await pushTag('a/b', 't2');
  await pushTag('a/b', 't1');
  await pushTag('a/b', sha256(MANIFEST));
  for (const method of ['GET', 'HEAD']) {
    for (const path of ['/v2/a/b/manifests/t1', manifest, layer]) {
      expect((await ask(method, path)).status).toBe(200);
    }
  }
  const mount = `/v2/c/d/blobs/uploads/?mount=${sha256(LAYER)}&from=a/b`;
  for (const status of [201, 201]) expect((await ask('POST', mount)).status).toBe(status);
  expect((await ask('POST', `/v2/c/d/blobs/uploads/?mount=${sha256('none')}&from=a/b`)).status).toBe(202);
  expect((await ask('GET', '/v2/a/b/manifests/none')).status).toBe(404);
  // The manifest, and after it both of its tags.
  for (const path of [manifest, layer]) expect((await ask('DELETE', path)).status).toBe(202);
  return 5 + 6 + 2 + 3 + 1;
}

/** What differs from run to run, by its form. */
function shapeOf(event: ReceivedEvent, port: number): unknown {
  const text = JSON.stringify(event)
    .replaceAll(/"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"/g, '"UUID"')
    .replaceAll(/"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"/g, '"TIME"')
    .replaceAll(`127.0.0.1:${port}`, 'REGISTRY')
    .replaceAll(/"127\.0\.0\.1:\d+"/g, '"CLIENT"')
    .replaceAll(/"[^":]+:\d+","instanceID"/g, '"HOST:PORT","instanceID"');
  const parsed = JSON.parse(text) as ReceivedEvent;
  // registry:3 writes the whole descriptor also where there is none; 2.8.2 leaves out what is empty.
  const { mediaType, digest, size, ...target } = parsed.target;
  const filled = Object.entries({ mediaType, digest, size }).filter(([, value]) => Boolean(value));
  return { ...parsed, target: { ...Object.fromEntries(filled), ...target } };
}

/** In their order within each repository: between repositories Berth promises none. */
function byRepository(received: EventReceiver['received']): ReceivedEvent[] {
  const of = ({ target }: ReceivedEvent): string => String(target['repository']);
  return received.map(({ event }) => event).toSorted((a, b) => of(a).localeCompare(of(b)));
}

describe('notifications', () => {
  test('are those of the real registry, event by event', async () => {
    const [theirs, ours] = [await receiver(), await receiver()];
    const original = await dockerRegistry({
      REGISTRY_STORAGE_DELETE_ENABLED: 'true',
      ...notifying(theirs.url, ', headers: {X-Token: [abc]}'),
    });
    closers.push(() => original.stop());
    const own = await berth(notifying(ours.url, ', headers: {X-Token: [abc]}'));
    const count = await everything(clientOf(`http://127.0.0.1:${original.port}`));
    await theirs.until(count);
    expect(await everything(clientOf(own.url))).toBe(count);
    await ours.until(count);
    const [expected, actual] = [byRepository(theirs.received), byRepository(ours.received)];
    expect(actual.map((event) => shapeOf(event, own.port))).toEqual(
      expected.map((event) => shapeOf(event, original.port)),
    );
    expect(actual.map((event) => Object.keys(event))).toEqual(expected.map((event) => Object.keys(event)));
    for (const { received } of [theirs, ours]) expect(received[0]?.headers['x-token']).toBe('abc');
    const types = [theirs, ours].map(({ received }) => received[0]?.headers['content-type']);
    expect(types).toEqual([1, 2].map((n) => `application/vnd.docker.distribution.events.v${n}+json`));
  });

  test('wait for a receiver that is down, and arrive in order', async () => {
    const port = await freePort();
    const own = await berth(notifying(`http://127.0.0.1:${port}/hook`));
    const client = clientOf(own.url);
    await client.pushBlob('a', LAYER);
    await client.pushBlob('a', CONFIG);
    for (let n = 0; n < 5; n += 1) await client.pushTag('a', `v${n}`);
    const late = await receiver(port);
    await late.until(7);
    expect(late.received.slice(2).map(({ event }) => event.target['tag'])).toEqual([
      'v0',
      'v1',
      'v2',
      'v3',
      'v4',
    ]);
  });

  test('survive kill -9, again and again: everything acknowledged arrives, in the order of its repository', async () => {
    const hook = await receiver();
    const own = await berth(notifying(hook.url));
    const client = clientOf(own.url);
    const repositories = ['r0', 'r1', 'r2', 'r3'];
    for (const repository of repositories) {
      await client.pushBlob(repository, LAYER);
      await client.pushBlob(repository, CONFIG);
    }
    const acknowledged = new Map(repositories.map((repository) => [repository, [] as string[]]));
    for (let round = 0; round < 4; round += 1) {
      // Half of the rounds end while nothing can be delivered, the others while much is.
      hook.answer(round % 2 === 0 ? 503 : 200);
      let isOver = false;
      const pushing = repositories.map(async (repository) => {
        for (let n = 0; !isOver; n += 1) {
          const tag = `${round}-${n}`;
          const done = await client.pushTag(repository, tag).then(
            () => true,
            (error: unknown) => {
              if (!isOver) throw error;
              return false;
            },
          );
          if (done) acknowledged.get(repository)?.push(tag);
        }
      });
      const enough = 5 * (round + 1);
      while (repositories.some((repository) => (acknowledged.get(repository)?.length ?? 0) < enough)) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      isOver = true;
      await own.kill();
      await Promise.all(pushing);
      await own.start();
    }
    hook.answer(200);
    const tagsOf = (repository: string): string[] => [
      ...new Set(
        hook.received
          .filter(({ event }) => event.target['repository'] === repository)
          .map(({ event }) => event.target['tag'])
          .filter((tag) => typeof tag === 'string'),
      ),
    ];
    const isComplete = (repository: string): boolean => {
      const arrived = new Set(tagsOf(repository));
      return acknowledged.get(repository)?.every((tag) => arrived.has(tag)) ?? false;
    };
    await hook.when(() => repositories.every(isComplete));
    for (const repository of repositories) {
      const wanted = new Set(acknowledged.get(repository));
      expect(tagsOf(repository).filter((tag) => wanted.has(tag))).toEqual([...wanted]);
    }
    const total = [...acknowledged.values()].flat().length;
    const arrivals = hook.received.filter(({ event }) => event.target['tag'] !== undefined).length;
    process.stdout.write(`${total} events after 4 kills; ${arrivals} arrivals\n`);
  });

  test('that are rejected are parked, listed and sent again, while the registry runs', async () => {
    const hook = await receiver();
    hook.answer(400);
    const own = await berth(notifying(hook.url));
    const client = clientOf(own.url);
    await client.pushBlob('a', LAYER);
    await hook.when(() => hook.attempts() >= 5);
    hook.answer(200);
    await client.pushBlob('a', CONFIG);
    await hook.until(1);
    expect(hook.received[0]?.event.target['digest']).toBe(sha256(CONFIG));
    const parked = await own.command(['events', 'list', '--parked']);
    expect(parked.stdout).toMatch(
      /^\S+Z\thook\tparked\tpush\ta@sha256:\w{64}\t[\w-]{36}\t5 attempts: the endpoint answered 400 Bad Request\n$/,
    );
    expect((await own.command(['events', 'replay', '--endpoint', 'hook', '--parked'])).stdout).toContain(
      '1 deliveries are pending again',
    );
    await hook.until(2);
    expect(hook.received[1]?.event.target['digest']).toBe(sha256(LAYER));
    expect((await own.command(['events', 'list', '--parked'])).stdout).toBe('There are no events.\n');
    expect((await own.command(['events', 'replay', '--since', '1h'])).stdout).toContain('2 deliveries');
    await hook.until(4);
    const ids = hook.received.map(({ event }) => event.id);
    expect(ids.slice(2)).toEqual([ids[1], ids[0]]);
  });
});
