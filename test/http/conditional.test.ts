import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FrontDoor, openFrontDoor } from '../support/front-door.ts';
import {
  digestOf,
  OCI_IMAGE,
  type PushedImage,
  pushBlob,
  pushImage,
  putManifest,
} from '../support/oci-content.ts';

/** Conditional requests (RFC 9110, section 13). */

const REPOSITORY = 'conditional/app';

describe('conditional requests', () => {
  let door: FrontDoor;
  let one: PushedImage;
  let two: PushedImage;

  beforeAll(async () => {
    door = await openFrontDoor();
    one = await pushImage(door, REPOSITORY, 'one', { seed: 1 });
    two = await pushImage(door, REPOSITORY, 'two', { seed: 2 });
  });
  afterAll(() => door.close());

  const put = (reference: string, image: PushedImage, headers: Readonly<Record<string, string>>) =>
    door.send('PUT', `/v2/${REPOSITORY}/manifests/${reference}`, {
      body: image.text,
      headers: { 'content-type': OCI_IMAGE, ...headers },
    });
  const current = async (tag: string) =>
    (await door.send('HEAD', `/v2/${REPOSITORY}/manifests/${tag}`)).headers['etag'];
  const etag = ({ digest }: { digest: string }): string => `"${digest}"`;

  describe('pushes', () => {
    it('If-None-Match: * creates, and never overwrites', async () => {
      const created = await put('created', one, { 'if-none-match': '*' });
      expect([created.status, created.headers['etag']]).toEqual([201, etag(one)]);
      const late = await put('created', two, { 'if-none-match': '*' });
      expect([late.status, late.codes]).toEqual([412, ['PRECONDITION_FAILED']]);
      expect(late.json()).toMatchObject({ errors: [{ detail: { tag: 'created' } }] });
      expect(await current('created')).toBe(etag(one));
      expect((await put('created', one, { 'if-none-match': '*' })).status).toBe(412);
    });

    it('If-Match overwrites what it names and nothing else', async () => {
      await put('moving', one, {});
      expect((await put('moving', two, { 'if-match': etag(two) })).status).toBe(412);
      expect((await put('moving', two, { 'if-match': `"x", ${etag(one)}` })).status).toBe(201);
      expect((await put('moving', one, { 'if-match': etag(one) })).status).toBe(412);
      expect((await put('moving', one, { 'if-match': '*' })).status).toBe(201);
      expect((await put('not-there', one, { 'if-match': '*' })).status).toBe(412);
      expect(await current('not-there')).toBeUndefined();
    });

    it('If-Match takes no weak tag (section 13.1.1: strong comparison), If-None-Match does', async () => {
      await put('weak', one, {});
      expect((await put('weak', two, { 'if-match': `W/${etag(one)}` })).status).toBe(412);
      expect((await put('weak', two, { 'if-none-match': `W/${etag(one)}` })).status).toBe(412);
      expect((await put('weak', two, { 'if-none-match': `W/${etag(two)}` })).status).toBe(201);
    });

    it('a digest without quotes is taken too', async () => {
      await put('bare', one, {});
      expect((await put('bare', two, { 'if-match': two.digest })).status).toBe(412);
      expect((await put('bare', two, { 'if-match': one.digest })).status).toBe(201);
    });

    it.each(['"', '"a" "b"', 'W/"a', '"a", "'])(
      'a malformed If-Match %j is 400, not overlooked',
      async (header) => {
        await put('malformed', one, {});
        const answer = await put('malformed', two, { 'if-match': header });
        expect([answer.status, answer.codes]).toEqual([400, ['UNSUPPORTED']]);
        expect(await current('malformed')).toBe(etag(one));
      },
    );

    it('by digest: of the manifest itself', async () => {
      const { text, digest } = two;
      const here = `/v2/conditional/new/manifests/${digest}`;
      await pushImage(door, 'conditional/new', 'other', { seed: 2, more: { annotations: { a: 'b' } } });
      const sent = (headers: Record<string, string>) => ({
        body: text,
        headers: { 'content-type': OCI_IMAGE, ...headers },
      });
      expect((await door.send('PUT', here, sent({ 'if-match': '*' }))).status).toBe(412);
      expect((await door.send('PUT', here, sent({ 'if-none-match': '*' }))).status).toBe(201);
      const again = await door.send('PUT', here, sent({ 'if-none-match': '*' }));
      expect([again.status, again.json()]).toMatchObject([412, { errors: [{ detail: { digest } }] }]);
    });

    it('by digest with tags: of each of the tags, which move all or none', async () => {
      await put('set-a', one, {});
      await put('set-b', one, {});
      const move = (tags: string, headers: Record<string, string>) =>
        put(`${two.digest}?${tags}`, two, headers);
      await put('set-c', two, {});
      const failed = await move('tag=set-a&tag=set-b&tag=set-c', { 'if-match': etag(one) });
      expect([failed.status, failed.json()]).toMatchObject([412, { errors: [{ detail: { tag: 'set-c' } }] }]);
      expect([await current('set-a'), await current('set-b')]).toEqual([etag(one), etag(one)]);
      const moved = await move('tag=set-a&tag=set-b', { 'if-match': etag(one) });
      expect([moved.status, moved.headers['oci-tag']]).toEqual([201, 'set-a, set-b']);
      expect([await current('set-a'), await current('set-b')]).toEqual([etag(two), etag(two)]);
    });

    it('of one tag at the same time: exactly one wins each round', async () => {
      await pushBlob(door, REPOSITORY, '{}');
      const rounds = fc.array(fc.integer({ min: 2, max: 8 }), { minLength: 1, maxLength: 6 });
      let run = 0;
      await fc.assert(
        fc.asyncProperty(rounds, async (pushers) => {
          run += 1;
          const tag = `race-${run}`;
          const base = JSON.parse(one.text) as object;
          let now: string | undefined;
          for (const [round, count] of pushers.entries()) {
            const texts = Array.from({ length: count }, (_, position) =>
              JSON.stringify({ ...base, annotations: { race: `${run} ${round} ${position}` } }),
            );
            const condition: Record<string, string> =
              now === undefined ? { 'if-none-match': '*' } : { 'if-match': now };
            const answers = await Promise.all(
              texts.map((text) =>
                door.send('PUT', `/v2/${REPOSITORY}/manifests/${tag}`, {
                  body: text,
                  headers: { 'content-type': OCI_IMAGE, ...condition },
                }),
              ),
            );
            const statuses = answers.map(({ status }) => status).sort();
            expect(statuses).toEqual([201, ...Array.from({ length: count - 1 }, () => 412)]);
            now = answers.find(({ status }) => status === 201)?.headers['etag'];
            expect(await current(tag)).toBe(now);
          }
        }),
        { numRuns: 15 },
      );
    });
  });

  describe('removals', () => {
    it('of a tag or manifest that has changed are 412 and remove nothing', async () => {
      await put('gone', one, {});
      const remove = (reference: string, headers: Record<string, string>) =>
        door.send('DELETE', `/v2/${REPOSITORY}/manifests/${reference}`, { headers });
      expect((await remove('gone', { 'if-match': etag(two) })).status).toBe(412);
      expect((await remove('gone', { 'if-none-match': '*' })).status).toBe(412);
      expect(await current('gone')).toBe(etag(one));
      expect((await remove('gone', { 'if-match': etag(one) })).status).toBe(202);
      expect((await remove('gone', { 'if-match': etag(one) })).status).toBe(404);
      const extra = await pushImage(door, REPOSITORY, 'extra', { more: { annotations: { extra: 'yes' } } });
      expect((await remove(extra.digest, { 'if-match': etag(one) })).status).toBe(412);
      expect((await remove(extra.digest, { 'if-match': etag(extra) })).status).toBe(202);
    });
  });

  describe('reads', () => {
    it.each(['GET', 'HEAD'])('%s of a manifest that is known already is 304', async (method) => {
      const read = (header: string, reference = 'one') =>
        door.send(method, `/v2/${REPOSITORY}/manifests/${reference}`, {
          headers: { 'if-none-match': header },
        });
      for (const header of [etag(one), `W/${etag(one)}`, `"x", ${etag(one)}`, '*']) {
        const answer = await read(header);
        expect([answer.status, answer.body.byteLength]).toEqual([304, 0]);
        expect([answer.headers['etag'], answer.headers['docker-content-digest']]).toEqual([
          etag(one),
          one.digest,
        ]);
        expect(answer.headers['content-length']).toBeUndefined();
      }
      expect((await read(etag(two))).status).toBe(200);
      expect((await read(etag(two), 'missing')).status).toBe(404);
      expect((await read('*', one.digest)).status).toBe(304);
    });

    it.each(['GET', 'HEAD'])('%s of a blob that is known already is 304', async (method) => {
      const target = `/v2/${REPOSITORY}/blobs/${one.layer}`;
      const answer = await door.send(method, target, { headers: { 'if-none-match': `"${one.layer}"` } });
      expect([answer.status, answer.body.byteLength, answer.headers['etag']]).toEqual([
        304,
        0,
        `"${one.layer}"`,
      ]);
      const other = await door.send(method, target, { headers: { 'if-none-match': '"other"' } });
      expect([other.status, other.headers['content-length']]).toEqual([200, '2000']);
      // Section 13.2.2: If-None-Match comes before Range.
      const range = { 'if-none-match': `"${one.layer}"`, range: 'bytes=0-1' };
      expect((await door.send(method, target, { headers: range })).status).toBe(304);
    });

    it('of what has changed, If-Match makes 412', async () => {
      const headers = { 'if-match': etag(two) };
      expect((await door.send('GET', `/v2/${REPOSITORY}/manifests/one`, { headers })).status).toBe(412);
      expect((await door.send('GET', `/v2/${REPOSITORY}/blobs/${one.layer}`, { headers })).status).toBe(412);
      const missing = await door.send('GET', `/v2/${REPOSITORY}/blobs/${digestOf('missing')}`, { headers });
      expect(missing.status).toBe(404);
    });
  });
});

describe('several tags in one push (end-7b)', () => {
  let door: FrontDoor;
  let image: PushedImage;
  beforeAll(async () => {
    door = await openFrontDoor();
    image = await pushImage(door, 'tags/app', 'first');
  });
  afterAll(() => door.close());

  const push = (query: string, repository = 'tags/app') =>
    putManifest(door, repository, `${image.digest}?${query}`, image.text);
  const list = async (): Promise<string[]> =>
    (await door.send('GET', '/v2/tags/app/tags/list')).json<{ tags: string[] }>().tags;

  it('sends one OCI-Tag header for each tag, each once', async () => {
    const answer = await push('tag=b&tag=a&tag=b');
    expect(answer.all('OCI-Tag')).toEqual(['b', 'a']);
  });

  it('sets 100 of the longest tags, and refuses more with 414', async () => {
    const tags = Array.from({ length: 100 }, (_, position) => `${position}-`.padEnd(128, 'x'));
    const answer = await push(tags.map((tag) => `tag=${tag}`).join('&'));
    expect([answer.status, answer.headers['oci-tag']?.split(', ')]).toEqual([201, tags]);
    const many = await push([...tags, 'more'].map((tag) => `tag=${tag}`).join('&'));
    expect([many.status, many.codes]).toEqual([414, ['TAG_INVALID']]);
    expect(await list()).not.toContain('more');
  });

  it('sets none where one of them is malformed, or the manifest lacks a part', async () => {
    const malformed = await push('tag=good&tag=.bad');
    expect([malformed.status, malformed.codes]).toEqual([400, ['TAG_INVALID']]);
    expect((await push('tag=good', 'tags/empty')).codes).toContain('MANIFEST_BLOB_UNKNOWN');
    expect(await list()).not.toContain('good');
    expect((await door.send('GET', '/v2/tags/empty/tags/list')).status).toBe(404);
  });

  it('goes with a push by digest alone', async () => {
    const answer = await putManifest(door, 'tags/app', 'one?tag=two', image.text);
    expect([answer.status, answer.codes]).toEqual([400, ['UNSUPPORTED']]);
    expect(answer.text).toContain('by digest');
    expect(await list()).not.toContain('one');
  });
});
