import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FrontDoor, openFrontDoor } from '../support/front-door.ts';
import { bytes, digestOf, OCI_IMAGE, OCI_INDEX, pushImage, putManifest } from '../support/oci-content.ts';

/** What the OCI conformance suite asks before and after its data: ping, an empty repository, malformed references. */
describe('the registry', () => {
  let door: FrontDoor;
  beforeAll(async () => {
    door = await openFrontDoor();
  });
  afterAll(() => door.close());

  it('Ping: 200', async () => {
    expect((await door.send('GET', '/v2/')).status).toBe(200);
  });

  it('Empty repo: the tag list is 404', async () => {
    const answer = await door.send('GET', '/v2/nothing/here/tags/list');
    expect([answer.status, answer.codes]).toEqual([404, ['NAME_UNKNOWN']]);
  });

  it.each(['sha256', 'sha512'] as const)(
    'Empty repo: the referrers of a random digest (%s)',
    async (algorithm) => {
      const answer = await door.send('GET', `/v2/nothing/here/referrers/${digestOf(bytes(64), algorithm)}`);
      expect([answer.status, answer.headers['content-type']]).toEqual([200, OCI_INDEX]);
      expect(answer.json()).toEqual({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] });
    },
  );

  it('Manifest errors: missing by tag and by digest is 404', async () => {
    for (const reference of ['missing', digestOf('missing'), digestOf('missing', 'sha512')]) {
      for (const method of ['GET', 'HEAD', 'DELETE']) {
        const answer = await door.send(method, `/v2/nothing/here/manifests/${reference}`);
        expect([method, answer.status]).toEqual([method, 404]);
        if (method !== 'HEAD') expect(answer.codes).toEqual(['MANIFEST_UNKNOWN']);
      }
    }
  });

  it('Invalid Manifest Digest: PUT and GET are 400', async () => {
    const { text } = await pushImage(door, 'an/image', 'v1');
    const put = await putManifest(door, 'an/image', 'sha256:baddigeststring', text);
    const get = await door.send('GET', '/v2/an/image/manifests/sha256:baddigeststring');
    for (const { status, codes } of [put, get]) expect([status, codes]).toEqual([400, ['DIGEST_INVALID']]);
  });

  it('Tag delete atomic, Manifest delete atomic: what 202 says is so at once, everywhere', async () => {
    const repository = 'deletes/at-once';
    for (let round = 0; round < 5; round += 1) {
      const { digest } = await pushImage(door, repository, 'a', { seed: round });
      await pushImage(door, repository, 'b', { seed: round });
      const at = (reference: string) => `/v2/${repository}/manifests/${reference}`;
      // Read before, so that whatever is cached is.
      for (const reference of ['a', 'b', digest]) {
        expect((await door.send('GET', at(reference))).status).toBe(200);
      }
      expect((await door.send('DELETE', at('a'))).status).toBe(202);
      expect((await door.send('HEAD', at('a'))).status).toBe(404);
      const list = async () =>
        (await door.send('GET', `/v2/${repository}/tags/list`)).json<{ tags: string[] }>().tags;
      expect(await list()).toEqual(['b']);
      expect((await door.send('DELETE', at(digest))).status).toBe(202);
      for (const reference of ['b', digest]) {
        expect((await door.send('GET', at(reference))).status).toBe(404);
        expect((await door.send('DELETE', at(reference))).status).toBe(404);
      }
      expect(await list()).toEqual([]);
    }
  });
});

/** The lines of the suite of version 1.1.1 that the newer one does not have. */
describe('the suite of v1.1.1', () => {
  let door: FrontDoor;
  const repository = 'old/suite';
  beforeAll(async () => {
    door = await openFrontDoor();
  });
  afterAll(() => door.close());

  it('Pull: a 4xx has a body of the specification', async () => {
    for (const target of [
      'manifests/missing',
      `blobs/${digestOf('missing')}`,
      'tags/list',
      'manifests/sha256:x',
    ]) {
      const answer = await door.send('GET', `/v2/${repository}/${target}`);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
      const { errors } = answer.json<{ errors: { code: string; message: string }[] }>();
      expect(errors).toEqual([
        expect.objectContaining({ code: expect.any(String), message: expect.any(String) }),
      ]);
    }
  });

  it('Pull: GET and HEAD of a manifest whose name is no tag are 404, PUT is 400', async () => {
    const target = `/v2/${repository}/manifests/.INVALID_MANIFEST_NAME`;
    for (const method of ['GET', 'HEAD']) expect((await door.send(method, target)).status).toBe(404);
    expect((await door.send('GET', target)).codes).toEqual(['MANIFEST_UNKNOWN']);
    const put = await door.send('PUT', target, { body: '{}' });
    expect([put.status, put.codes]).toEqual([400, ['TAG_INVALID']]);
  });

  it('Push: the repeat of a previous chunk is 416, and the upload goes on', async () => {
    const content = bytes(300, 3);
    const start = await door.send('POST', `/v2/${repository}/blobs/uploads/`);
    const location = start.headers['location'] ?? '';
    const first = { body: content.subarray(0, 100), headers: { 'content-range': '0-99' } };
    expect((await door.send('PATCH', location, first)).headers['range']).toBe('0-99');
    expect((await door.send('PATCH', location, first)).status).toBe(416);
    const stale = await door.send('GET', location);
    expect([stale.status, stale.headers['range'], stale.headers['location']]).toEqual([
      204,
      '0-99',
      location,
    ]);
    const rest = { body: content.subarray(100), headers: { 'content-range': '100-299' } };
    expect((await door.send('PATCH', location, rest)).headers['range']).toBe('0-299');
    const done = await door.send('PUT', `${location}?digest=${digestOf(content)}`);
    expect([done.status, done.headers['location']]).toEqual([
      201,
      `/v2/${repository}/blobs/${digestOf(content)}`,
    ]);
  });

  it('Push: a registry without a smallest chunk names none', async () => {
    const start = await door.send('POST', `/v2/${repository}/blobs/uploads/`);
    expect(start.headers['oci-chunk-min-length']).toBeUndefined();
    const location = start.headers['location'] ?? '';
    const one = await door.send('PATCH', location, { body: 'x', headers: { 'content-range': '0-0' } });
    expect([one.status, one.headers['range']]).toEqual([202, '0-0']);
  });

  it('Push: a mount without from of an unknown digest is 202', async () => {
    const target = `/v2/${repository}/blobs/uploads/?mount=${digestOf('nobody has this')}`;
    expect((await door.send('POST', target)).status).toBe(202);
  });

  it('Push: a manifest by several tags, one after the other', async () => {
    const { text, digest } = await pushImage(door, repository, 'test0');
    for (const tag of ['test1', 'test2', 'test3']) {
      const answer = await putManifest(door, repository, tag, text);
      expect([answer.status, answer.headers['docker-content-digest']]).toEqual([201, digest]);
    }
  });

  it('Discovery: the tags, with n and last', async () => {
    await pushImage(door, 'old/tags', 'a');
    for (const tag of ['b', 'c', 'd']) await pushImage(door, 'old/tags', tag);
    const list = async (query: string) => {
      const answer = await door.send('GET', `/v2/old/tags/tags/list${query}`);
      return [answer.status, answer.json<{ tags: string[] }>().tags, answer.headers['link'] !== undefined];
    };
    expect(await list('')).toEqual([200, ['a', 'b', 'c', 'd'], false]);
    expect(await list('?n=2')).toEqual([200, ['a', 'b'], true]);
    expect(await list('?n=2&last=b')).toEqual([200, ['c', 'd'], false]);
    expect(await list('?n=0')).toEqual([200, [], false]);
    expect(await list('?n=0&last=b')).toEqual([200, [], false]);
  });

  it('Discovery: 5 referrers, of which a filter leaves 2, and 1 of a missing subject', async () => {
    const subject = await pushImage(door, 'old/referrers', 'v1');
    const [one, two] = ['application/vnd.one', 'application/vnd.two'];
    for (const [seed, artifactType] of [one, one, two, two, two].entries()) {
      const more = { artifactType, subject: subject.descriptor, annotations: { seed: String(seed) } };
      await pushImage(door, 'old/referrers', `r${seed}`, { more });
    }
    const missing = { mediaType: OCI_IMAGE, digest: digestOf('missing'), size: 7 };
    await pushImage(door, 'old/referrers', 'lost', { more: { artifactType: one, subject: missing } });
    const count = async (digest: string, query = '') =>
      (await door.send('GET', `/v2/old/referrers/referrers/${digest}${query}`)).json<{
        manifests: unknown[];
      }>().manifests.length;
    expect(await count(subject.digest)).toBe(5);
    expect(await count(subject.digest, `?artifactType=${encodeURIComponent(one)}`)).toBe(2);
    expect(await count(missing.digest)).toBe(1);
  });

  it('Management: where deleting is switched off, tag, manifest and blob are 405', async () => {
    const closed = await openFrontDoor({ storage: '  delete: {enabled: false}' });
    try {
      const { digest, layer } = await pushImage(closed, repository, 'v1');
      for (const target of ['manifests/v1', `manifests/${digest}`, `blobs/${layer}`]) {
        const answer = await closed.send('DELETE', `/v2/${repository}/${target}`);
        expect([answer.status, answer.codes]).toEqual([405, ['UNSUPPORTED']]);
        expect((await closed.send('HEAD', `/v2/${repository}/${target}`)).status).toBe(200);
      }
    } finally {
      await closed.close();
    }
  });
});
