import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { removeDiscarded } from '../../src/lifecycle/remove-discarded.ts';
import { type Answer, type FrontDoor, openFrontDoor } from '../support/front-door.ts';
import {
  bytes,
  digestOf,
  OCI_IMAGE,
  pushBlob,
  pushImage,
  putManifest,
  startUpload,
  withQuery,
} from '../support/oci-content.ts';
import { recordedMetrics } from '../support/recorded-metrics.ts';

/** What repositories may hold. */

let door: FrontDoor;
afterEach(() => door.close());

const open = async (quota: string, more: { notifications?: boolean } = {}) => {
  const metrics = recordedMetrics();
  const config = [
    `repositories: [{match: "base/**", quota: {maxbytes: unlimited}}, {match: "**", quota: ${quota}}]`,
    ...(more.notifications
      ? ['notifications: {endpoints: [{name: hook, url: "https://127.0.0.1:1/"}]}']
      : []),
  ].join('\n');
  door = await openFrontDoor({ config, metrics });
  return metrics;
};

const said = (answer: Answer) => {
  const [error] = answer.json<{ errors: { code: string; message: string; detail: unknown }[] }>().errors;
  return { status: answer.status, ...error };
};

/** Files of the content store, once what was given up is removed. */
async function files(): Promise<string[]> {
  await removeDiscarded(door.state);
  const content = join(door.folder, 'data', 'content');
  if (!existsSync(content)) return [];
  return readdirSync(content, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}

const begin = (repository: string, query = '', body?: Uint8Array) =>
  door.send('POST', `/v2/${repository}/blobs/uploads/${query}`, body === undefined ? {} : { body });

describe('a quota in bytes', () => {
  it('refuses an upload at its start where nothing more fits, with what to do', async () => {
    const metrics = await open('{maxbytes: 1000}');
    await pushBlob(door, 'app', bytes(1000));
    expect(said(await begin('app'))).toEqual({
      status: 403,
      code: 'DENIED',
      message:
        'the quota of app is too small: it holds 1.0 kB of 1.0 kB (repositories[1].quota.maxbytes); delete what is not needed and let garbage be collected, or ask the administrator for a larger quota',
      detail: { limit: 'bytes', used: 1000, added: 0, max: 1000 },
    });
    expect(metrics.valueOf('berth_limit_refusals_total', { limit: 'bytes' })).toBe(1);
    expect((await begin('other')).status).toBe(202);
    expect((await begin('base/os')).status).toBe(202);
  });

  it('refuses a body that does not fit before it is read, and one of unknown length where it gets too long', async () => {
    await open('{maxbytes: 1000}');
    await pushBlob(door, 'app', bytes(600));
    for (const body of [bytes(401, 2), [bytes(300, 2), bytes(300, 3), bytes(300, 4)]]) {
      const target = await startUpload(door, 'app');
      expect(said(await door.send('PATCH', target, { body }))).toMatchObject({ status: 403, code: 'DENIED' });
      // It is over, and its bytes do not stay for a week.
      expect((await door.send('GET', target)).status).toBe(404);
    }
    expect(await files()).toHaveLength(1);
    const upload = await startUpload(door, 'app');
    const patched = await door.send('PATCH', upload, { body: bytes(300, 2) });
    const over = await door.send('PATCH', withQuery(patched.headers['location'], 'a', 'b'), {
      body: bytes(101),
    });
    expect(over.status).toBe(403);
    expect(await files()).toHaveLength(1);
  });

  it('refuses the last request of an upload, and a blob in one request, and keeps nothing of them', async () => {
    await open('{maxbytes: 1000}');
    await pushBlob(door, 'app', bytes(600));
    const blob = bytes(500, 2);
    const upload = await startUpload(door, 'app');
    const digest = digestOf(blob);
    expect((await door.send('PUT', withQuery(upload, 'digest', digest), { body: blob })).status).toBe(403);
    expect((await begin('app', `?digest=${digest}`, blob)).status).toBe(403);
    expect((await door.send('HEAD', `/v2/app/blobs/${digest}`)).status).toBe(404);
    expect(await files()).toHaveLength(1);
    const fits = bytes(400, 3);
    expect((await begin('app', `?digest=${digestOf(fits)}`, fits)).status).toBe(201);
  });

  it('lets a blob come again that is there, whatever the quota', async () => {
    await open('{maxbytes: 1000}');
    const blob = bytes(1000);
    const digest = await pushBlob(door, 'app', blob);
    expect((await begin('app', `?digest=${digest}`, blob)).status).toBe(201);
  });

  it('counts what is in several repositories once in each, and refuses a mount', async () => {
    await open('{maxbytes: 1500}');
    const digest = await pushBlob(door, 'base/os', bytes(1000));
    const mount = (repository: string) => begin(repository, `?mount=${digest}&from=base/os`);
    expect((await mount('app')).status).toBe(201);
    expect((await mount('app')).status).toBe(201);
    await pushBlob(door, 'full', bytes(600, 2));
    const refused = said(await mount('full'));
    expect(refused).toMatchObject({ status: 403, detail: { used: 600, added: 1000, max: 1500 } });
    expect(refused.message).toContain(
      'it holds 600 bytes of 1.5 kB (repositories[1].quota.maxbytes), and this adds 1.0 kB',
    );
    expect((await door.send('HEAD', `/v2/full/blobs/${digest}`)).status).toBe(404);
  });

  it('refuses a manifest that does not fit', async () => {
    await open('{maxbytes: 2300}');
    const image = await pushImage(door, 'base/app', 'v1');
    for (const digest of [image.config, image.layer]) await begin('app', `?mount=${digest}&from=base/app`);
    expect(said(await putManifest(door, 'app', 'v1', image.text))).toMatchObject({
      status: 403,
      code: 'DENIED',
    });
    expect((await door.send('GET', '/v2/app/manifests/v1')).status).toBe(404);
  });

  it('has room again once blobs are deleted', async () => {
    await open('{maxbytes: 1000}');
    const digest = await pushBlob(door, 'app', bytes(1000));
    expect((await begin('app')).status).toBe(403);
    expect((await door.send('DELETE', `/v2/app/blobs/${digest}`)).status).toBe(202);
    expect((await begin('app')).status).toBe(202);
  });

  it('holds for many uploads at once', async () => {
    await open('{maxbytes: 1000}');
    const blobs = Array.from({ length: 10 }, (_, seed) => bytes(300, seed + 1));
    const uploads = await Promise.all(blobs.map(() => startUpload(door, 'app')));
    const answers = await Promise.all(
      uploads.map((upload, at) => {
        const body = blobs[at] ?? '';
        return door.send('PUT', withQuery(upload, 'digest', digestOf(body)), { body });
      }),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 201, ...Array(7).fill(403)]);
    expect(await files()).toHaveLength(3);
  });

  it('tells nobody of a push that it refused', async () => {
    await open('{maxbytes: 1000, maxtags: 1}', { notifications: true });
    await pushBlob(door, 'app', bytes(600));
    const blob = bytes(500, 2);
    await begin('app', `?digest=${digestOf(blob)}`, blob);
    const filter = { endpoint: undefined, state: undefined, sinceMs: 0 };
    const told = await door.state.index.events.list(filter, { before: undefined, limit: 10 });
    expect(told).toHaveLength(1);
  });
});

describe('a quota in tags', () => {
  it('refuses tags beyond it, all or none, and lets those move that are there', async () => {
    const metrics = await open('{maxtags: 2}');
    const image = await pushImage(door, 'app', 'a');
    const many = (query: string) =>
      door.send('PUT', `/v2/app/manifests/${image.digest}?${query}`, {
        body: image.text,
        headers: { 'content-type': OCI_IMAGE },
      });
    expect(said(await many('tag=b&tag=c'))).toEqual({
      status: 403,
      code: 'DENIED',
      message:
        'the quota of app is too small: it has 1 of 2 tags (repositories[1].quota.maxtags), and this adds 2; delete tags that are not needed, or ask the administrator for a larger quota',
      detail: { limit: 'tags', used: 1, added: 2, max: 2 },
    });
    expect((await many('tag=a&tag=b')).status).toBe(201);
    expect((await pushImage(door, 'app', 'b', { seed: 2 })).digest).not.toBe(image.digest);
    expect((await putManifest(door, 'app', 'c', image.text)).status).toBe(403);
    expect((await many('')).status).toBe(201);
    expect((await door.send('DELETE', '/v2/app/manifests/a')).status).toBe(202);
    expect((await putManifest(door, 'app', 'c', image.text)).status).toBe(201);
    expect(metrics.valueOf('berth_limit_refusals_total', { limit: 'tags' })).toBe(2);
  });
});

describe('a quota that repositories share', () => {
  it('counts once what several of them hold, and is full for all of them', async () => {
    await open('{maxbytes: 1500, maxtags: 2, scope: together}');
    const digest = await pushBlob(door, 'one', bytes(1000));
    expect((await begin('two', `?mount=${digest}&from=one`)).status).toBe(201);
    const blob = bytes(501, 2);
    expect(said(await begin('two', `?digest=${digestOf(blob)}`, blob))).toEqual({
      status: 403,
      code: 'DENIED',
      message:
        'the quota that two shares with others is too small: they hold 1.0 kB of 1.5 kB (repositories[1].quota.maxbytes), and this adds 501 bytes; delete what is not needed and let garbage be collected, or ask the administrator for a larger quota',
      detail: { limit: 'bytes', used: 1000, added: 501, max: 1500 },
    });
    await pushBlob(door, 'three', bytes(500, 3));
    expect((await begin('four')).status).toBe(403);
    expect((await begin('base/os')).status).toBe(202);
  });

  it('is told of above nine tenths', async () => {
    await open('{maxtags: 2, scope: together}');
    const image = await pushImage(door, 'one', 'a');
    const warnings = (await putManifest(door, 'one', 'b', image.text)).all('Warning');
    expect(warnings).toEqual(['299 - "The repositories ** have 2 of the 2 tags of their quota."']);
    await pushImage(door, 'base/app', 'a');
    for (const part of [image.config, image.layer]) await begin('two', `?mount=${part}&from=base/app`);
    const refused = said(await putManifest(door, 'two', 'a', image.text));
    expect(refused.message).toContain(
      'they have 2 of 2 tags (repositories[1].quota.maxtags), and this adds 1;',
    );
  });

  it('counts what was there before the rule, once the registry runs', async () => {
    await open('{maxbytes: 1500}');
    await pushBlob(door, 'one', bytes(1000));
    const { folder } = door;
    const before = door;
    const config = 'repositories: [{match: "**", quota: {maxbytes: 1000, scope: together}}]';
    door = await openFrontDoor({ config, folder });
    try {
      door.startJobs();
      await expect.poll(async () => (await begin('two')).status).toBe(403);
    } finally {
      await before.close();
    }
  });
});

it('a push that fills a repository to nine tenths is told so', async () => {
  await open('{maxbytes: 2600, maxtags: 10}');
  const image = await pushImage(door, 'app', 't0');
  const warningOf = async (tag: string) =>
    (await putManifest(door, 'app', tag, image.text)).all('Warning').join(' ');
  expect(await warningOf('t1')).toBe('299 - "app holds 2.4 kB of the 2.6 kB of its quota."');
  for (let number = 2; number < 8; number += 1) await warningOf(`t${number}`);
  expect(await warningOf('t8')).toContain('"app has 9 of the 10 tags of its quota."');
});

it('without a rule nothing is refused', async () => {
  door = await openFrontDoor({ config: 'repositories: [{match: other, quota: {maxbytes: 1}}]' });
  await pushImage(door, 'app', 'v1');
  expect((await begin('app')).status).toBe(202);
});
