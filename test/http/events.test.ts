import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import type { RecordedEvent } from '../../src/index/events.ts';
import { newFolder, removeFolder } from '../support/folders.ts';
import { BUILTIN, type FrontDoor, openFrontDoor } from '../support/front-door.ts';
import {
  digestOf,
  OCI_IMAGE,
  pushBlob,
  pushImage,
  putManifest,
  startUpload,
} from '../support/oci-content.ts';

const ENDPOINT = 'endpoints: [{name: hook, url: "https://127.0.0.1:1/"}]';

let door: FrontDoor;
afterEach(() => door.close());

const open = async (config = `notifications: {${ENDPOINT}}`): Promise<void> => {
  door = await openFrontDoor({ config });
};

/** The events so far, the oldest first. */
async function events(): Promise<RecordedEvent[]> {
  // Pulls wait for company; a change takes them along.
  const filter = { endpoint: undefined, state: undefined, sinceMs: 0 };
  const found = await door.state.index.events.list(filter, { before: undefined, limit: 1_000 });
  return found.map(({ event }) => event).toReversed();
}

/** In short: `push team/app:v1 100`. */
async function told(): Promise<string[]> {
  return (await events()).map(({ action, target: { repository, tag, digest, sizeBytes } }) =>
    [action, tag === undefined ? `${repository}@${digest}` : `${repository}:${tag}`, sizeBytes].join(' '),
  );
}

/** A change that changes nothing: what was pulled before is recorded with it. */
const settle = (): Promise<unknown> => door.send('DELETE', `/v2/settle/blobs/${digestOf('nothing')}`);

describe('events of requests', () => {
  it('are told of pushes, in the order in which they were made', async () => {
    await open();
    const image = await pushImage(door, 'team/app', 'v1');
    await putManifest(door, 'team/app', image.digest, image.text);
    const size = Buffer.byteLength(image.text);
    expect(await told()).toEqual([
      `push team/app@${image.config} 46`,
      `push team/app@${image.layer} 2000`,
      `push team/app:v1 ${size}`,
      `push team/app@${image.digest} ${size}`,
    ]);
  });

  it('are told of what the admin API brings back, on whose behalf', async () => {
    await open();
    const image = await pushImage(door, 'team/app', 'v1');
    await door.send('DELETE', `/v2/team/app/manifests/${image.digest}`);
    const before = (await events()).length;
    const body = JSON.stringify({ repository: 'team/app', tag: 'v1' });
    const headers = { 'content-type': 'application/json', 'user-agent': 'a script' };
    const answer = await door.send('POST', '/api/v1/undelete', { body, headers });
    expect(answer.status).toBe(200);
    expect((await told()).slice(before)).toEqual([`push team/app:v1 ${Buffer.byteLength(image.text)}`]);
    expect((await events()).at(-1)?.origin).toMatchObject({
      ...{ method: 'POST', userAgent: 'a script', requestId: answer.headers['x-request-id'] },
      baseUrl: 'http://registry.test:5000',
    });
  });

  it('are told of GET and HEAD, whole or in part, and never hold them up', async () => {
    await open();
    const image = await pushImage(door, 'team/app', 'v1');
    const before = (await events()).length;
    const accept = { headers: { accept: OCI_IMAGE } };
    for (const method of ['GET', 'HEAD']) {
      await door.send(method, '/v2/team/app/manifests/v1', accept);
      await door.send(method, `/v2/team/app/manifests/${image.digest}`, accept);
      await door.send(method, `/v2/team/app/blobs/${image.layer}`);
    }
    await door.send('GET', `/v2/team/app/blobs/${image.layer}`, { headers: { range: 'bytes=10-19' } });
    expect((await events()).slice(before), 'not recorded yet').toEqual([]);
    await settle();
    const size = Buffer.byteLength(image.text);
    const pulls = [
      `pull team/app:v1 ${size}`,
      `pull team/app@${image.digest} ${size}`,
      `pull team/app@${image.layer} 2000`,
    ];
    expect((await told()).slice(before)).toEqual([...pulls, ...pulls, `pull team/app@${image.layer} 2000`]);
  });

  it('are not told of a deletion whose precondition does not hold, and nothing is deleted', async () => {
    await open();
    const image = await pushImage(door, 'a', 'v1');
    const before = (await events()).length;
    const never = { headers: { 'if-match': `"${digestOf('another')}"` } };
    for (const reference of ['v1', image.digest]) {
      expect((await door.send('DELETE', `/v2/a/manifests/${reference}`, never)).status).toBe(412);
    }
    expect((await door.send('HEAD', '/v2/a/manifests/v1')).status).toBe(200);
    expect((await told()).slice(before)).toEqual([]);
  });

  it('are told of mounts and of deletions, behind the pulls that came before', async () => {
    await open();
    const image = await pushImage(door, 'a', 'v1');
    const before = (await events()).length;
    await door.send('POST', `/v2/b/blobs/uploads/?mount=${image.layer}&from=a`);
    await door.send('GET', `/v2/b/blobs/${image.layer}`);
    await door.send('DELETE', `/v2/b/blobs/${image.layer}`);
    await door.send('HEAD', '/v2/a/manifests/v1');
    await door.send('DELETE', '/v2/a/manifests/v1');
    await door.send('DELETE', `/v2/a/manifests/${image.digest}`);
    expect((await told()).slice(before)).toEqual([
      `mount b@${image.layer} 2000`,
      `pull b@${image.layer} 2000`,
      `delete b@${image.layer} 0`,
      `pull a:v1 ${Buffer.byteLength(image.text)}`,
      'delete a:v1 0',
      `delete a@${image.digest} 0`,
    ]);
  });

  it('are not told of what is refused, unfinished or not there', async () => {
    await open();
    await door.send('GET', '/v2/a/manifests/none');
    await door.send('HEAD', `/v2/a/blobs/${digestOf('none')}`);
    await door.send('GET', '/v2/a/tags/list');
    await startUpload(door, 'a');
    await door.send('POST', `/v2/a/blobs/uploads/?mount=${digestOf('none')}&from=b`);
    await door.send('PUT', '/v2/a/manifests/v1', { body: '{}', headers: { 'content-type': OCI_IMAGE } });
    await settle();
    expect(await told()).toEqual([]);
  });

  it('say who asked for them, also where many ask at the same time', async () => {
    await open(`${BUILTIN}\nnotifications: {${ENDPOINT}}`);
    const people = Array.from({ length: 10 }, (_, n) => `person${n}`);
    await Promise.all(
      people.map(async (subject) => {
        const access = [{ type: 'repository', name: subject, actions: ['pull', 'push'] }];
        const token = await door.token(access, { subject });
        await pushImage(door, subject, 'v1', { token, seed: Number(subject.at(-1)) });
      }),
    );
    const all = await events();
    expect(all).toHaveLength(30);
    for (const { target, origin, source } of all) {
      expect(origin).toMatchObject({
        ...{ actor: target.repository, host: 'registry.test:5000', address: '127.0.0.1' },
        baseUrl: 'http://registry.test:5000',
      });
      expect(source.address).toMatch(/:5000$/);
    }
    expect(new Set(all.map(({ origin }) => origin.requestId)).size).toBe(30);
  });

  it('are told of pulls that waited when the registry stops', async () => {
    const folder = await newFolder();
    onTestFinished(() => removeFolder(folder));
    const config = `notifications: {${ENDPOINT}}`;
    door = await openFrontDoor({ config, folder });
    await pushImage(door, 'a', 'v1');
    await door.send('GET', '/v2/a/manifests/v1');
    await door.close();
    door = await openFrontDoor({ config, folder });
    expect((await events()).at(-1)).toMatchObject({ action: 'pull', target: { tag: 'v1' } });
  });

  it('list what a manifest refers to, where the configuration asks for it', async () => {
    await open(`notifications: {events: {includereferences: true}, ${ENDPOINT}}`);
    const image = await pushImage(door, 'a', 'v1');
    await door.send('HEAD', '/v2/a/manifests/v1');
    await settle();
    const [push, pull] = (await events()).slice(-2);
    expect(push?.references).toMatchObject([{ digest: image.config }, { digest: image.layer, size: 2_000 }]);
    expect(pull?.references).toEqual(push?.references);
  });

  it('are not recorded where there is no endpoint, or only one that is switched off', async () => {
    for (const config of ['', 'notifications: {endpoints: [{name: a, url: "https://a/", disabled: true}]}']) {
      await open(config);
      await pushBlob(door, 'a', 'content');
      expect(await told()).toEqual([]);
      if (config === '') await door.close();
    }
  });
});
