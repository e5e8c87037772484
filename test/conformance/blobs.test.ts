import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type FrontDoor, openFrontDoor, type Sent } from '../support/front-door.ts';
import { type Algorithm, bytes, digestOf, pushBlob, targetOf, withQuery } from '../support/oci-content.ts';

/**
 * The lines of the OCI conformance suite's "Blobs", in its order, for each digest algorithm. Written from the
 * distribution specification; the names are the suite's.
 */

const ONE = 'conformance/one';
const TWO = 'conformance/two';

describe.each<Algorithm>(['sha256', 'sha512'])('Blobs %s', (algorithm) => {
  let door: FrontDoor;
  let lastSeed = algorithm === 'sha256' ? 1_000 : 2_000;

  beforeAll(async () => {
    door = await openFrontDoor();
  });
  afterAll(() => door.close());

  const blobAt = (digest: string, repository = ONE): string => `/v2/${repository}/blobs/${digest}`;
  const fresh = (size = 2_048): { content: Buffer; digest: string } => {
    lastSeed += 1;
    const content = bytes(size, lastSeed);
    return { content, digest: digestOf(content, algorithm) };
  };
  /** `POST`, announcing the algorithm where it is not the usual one. */
  const begin = async (): Promise<string> => {
    const query = algorithm === 'sha256' ? '' : `?digest-algorithm=${algorithm}`;
    const answer = await door.send('POST', `/v2/${ONE}/blobs/uploads/${query}`);
    expect(answer.status).toBe(202);
    return targetOf(answer.headers['location']);
  };
  const patch = async (location: string, content: Buffer, from: number, to: number): Promise<string> => {
    const answer = await door.send('PATCH', location, {
      body: content.subarray(from, to),
      headers: { 'content-range': `${from}-${to - 1}` },
    });
    expect([answer.status, answer.headers['range']]).toEqual([202, `0-${to - 1}`]);
    return targetOf(answer.headers['location']);
  };
  const put = (location: string, digest: string, sent: Sent = {}): Promise<Answer> =>
    door.send('PUT', withQuery(location, 'digest', digest), sent);

  /** What the suite asks after each push, and then the removal. */
  const expectPushed = async (pushed: Answer, content: Buffer, digest: string, repository = ONE) => {
    expect([pushed.status, pushed.headers['docker-content-digest']]).toEqual([201, digest]);
    const got = await door.send('GET', targetOf(pushed.headers['location']));
    expect([got.status, got.headers['docker-content-digest']]).toEqual([200, digest]);
    expect(got.body.equals(content)).toBe(true);
    const head = await door.send('HEAD', blobAt(digest, repository));
    expect([head.status, head.headers['content-length'], head.body.byteLength]).toEqual([
      200,
      String(content.byteLength),
      0,
    ]);
    expect(head.headers['docker-content-digest']).toBe(digest);
    expect((await door.send('DELETE', blobAt(digest, repository))).status).toBe(202);
    expect((await door.send('HEAD', blobAt(digest, repository))).status).toBe(404);
    expect((await door.send('DELETE', blobAt(digest, repository))).status).toBe(404);
  };

  it('get missing: 404', async () => {
    const answer = await door.send('GET', blobAt(digestOf('missing', algorithm)));
    expect([answer.status, answer.codes]).toEqual([404, ['BLOB_UNKNOWN']]);
    expect((await door.send('HEAD', blobAt(digestOf('missing', algorithm)))).status).toBe(404);
  });

  it('post only: 201', async () => {
    const { content, digest } = fresh();
    const pushed = await door.send('POST', `/v2/${ONE}/blobs/uploads/?digest=${digest}`, { body: content });
    await expectPushed(pushed, content, digest);
  });

  it('post + put', async () => {
    const { content, digest } = fresh();
    await expectPushed(await put(await begin(), digest, { body: content }), content, digest);
  });

  it('chunked single', async () => {
    const { content, digest } = fresh();
    const location = await patch(await begin(), content, 0, content.byteLength);
    await expectPushed(await put(location, digest), content, digest);
  });

  it('streamed: PATCH without Content-Range and Content-Length is 202', async () => {
    const { content, digest } = fresh();
    const answer = await door.send('PATCH', await begin(), {
      body: [content.subarray(0, 9), content.subarray(9)],
    });
    expect(answer.status).toBe(202);
    await expectPushed(await put(targetOf(answer.headers['location']), digest), content, digest);
  });

  it('mount: 201', async () => {
    const { content, digest } = fresh();
    await pushBlob(door, ONE, content, { algorithm });
    const target = `/v2/${TWO}/blobs/uploads/?mount=${digest}&from=${ONE}`;
    await expectPushed(await door.send('POST', target), content, digest, TWO);
    expect((await door.send('HEAD', blobAt(digest))).status).toBe(200);
  });

  it('mount anonymous: 201', async () => {
    const { content, digest } = fresh();
    await pushBlob(door, ONE, content, { algorithm });
    const pushed = await door.send('POST', `/v2/${TWO}/blobs/uploads/?mount=${digest}`);
    await expectPushed(pushed, content, digest, TWO);
  });

  it.each(['', `&from=${ONE}`])('mount of a missing blob%s: an upload begins', async (from) => {
    const { content, digest } = fresh();
    const answer = await door.send('POST', `/v2/${TWO}/blobs/uploads/?mount=${digest}${from}`);
    expect([answer.status, answer.headers['docker-content-digest']]).toEqual([202, undefined]);
    await expectPushed(
      await put(targetOf(answer.headers['location']), digest, { body: content }),
      content,
      digest,
      TWO,
    );
  });

  it('cancel: 204, and the upload is gone', async () => {
    const { content, digest } = fresh();
    const location = await patch(await begin(), content, 0, 100);
    expect((await door.send('DELETE', location)).status).toBe(204);
    for (const answer of [
      await door.send('GET', location),
      await door.send('PATCH', location, { body: 'more' }),
      await put(location, digest, { body: content }),
      await door.send('DELETE', location),
    ]) {
      expect([answer.status, answer.codes]).toEqual([404, ['BLOB_UPLOAD_UNKNOWN']]);
    }
  });

  it('chunked multi', async () => {
    const { content, digest } = fresh();
    let location = await begin();
    for (let from = 0; from < content.byteLength; from += 512) {
      location = await patch(location, content, from, from + 512);
    }
    await expectPushed(await put(location, digest), content, digest);
  });

  it('chunked multi + last chunk in PUT', async () => {
    const { content, digest } = fresh();
    let location = await begin();
    location = await patch(location, content, 0, 512);
    location = await patch(location, content, 512, 1_024);
    const pushed = await put(location, digest, {
      body: content.subarray(1_024),
      headers: { 'content-range': '1024-2047' },
    });
    await expectPushed(pushed, content, digest);
  });

  it.each(['PATCH', 'PUT'])(
    'out of order %s: 416, then GET is 204 with Location and Range',
    async (method) => {
      const { content, digest } = fresh();
      let location = await patch(await begin(), content, 0, 512);
      const target = method === 'PUT' ? withQuery(location, 'digest', digest) : location;
      const body = content.subarray(1_024);
      const wrong = await door.send(method, target, { body, headers: { 'content-range': '1024-2047' } });
      expect([wrong.status, wrong.codes]).toEqual([416, ['RANGE_INVALID']]);
      for (const asking of ['GET', 'HEAD']) {
        const status = await door.send(asking, location);
        expect([status.status, status.headers['range'], status.body.byteLength]).toEqual([204, '0-511', 0]);
        location = targetOf(status.headers['location']);
      }
      const pushed = await put(location, digest, {
        body: content.subarray(512),
        headers: { 'content-range': '512-2047' },
      });
      await expectPushed(pushed, content, digest);
    },
  );

  describe('range', () => {
    const content = bytes(2_048, 77);
    const digest = digestOf(content, algorithm);
    beforeAll(() => pushBlob(door, ONE, content, { algorithm }));

    it.each([
      ['500-1499', 500, 1_499],
      ['500-', 500, 2_047],
      ['-500', 1_548, 2_047],
      ['2000-5000', 2_000, 2_047],
    ])('%s: 206', async (range, first, last) => {
      const answer = await door.send('GET', blobAt(digest), { headers: { range: `bytes=${range}` } });
      expect([answer.status, answer.headers['content-length'], answer.headers['content-range']]).toEqual([
        206,
        String(last - first + 1),
        `bytes ${first}-${last}/2048`,
      ]);
      expect(answer.body.equals(content.subarray(first, last + 1))).toBe(true);
    });

    it.each(['500-0', '5000-10000'])('%s: 416', async (range) => {
      const answer = await door.send('GET', blobAt(digest), { headers: { range: `bytes=${range}` } });
      expect(answer.status).toBe(416);
    });
  });

  it.each([
    ['empty blob', ''],
    ['{} blob', '{}'],
  ])('%s', async (_, text) => {
    const content = Buffer.from(text);
    const digest = digestOf(content, algorithm);
    await expectPushed(await put(await begin(), digest, { body: content }), content, digest);
    const whole = await door.send('POST', `/v2/${ONE}/blobs/uploads/?digest=${digest}`, { body: content });
    await expectPushed(whole, content, digest);
  });

  describe('bad digest', () => {
    const other = digestOf('something else', algorithm);
    const expectRefused = async (answer: Answer): Promise<void> => {
      expect([answer.status, answer.codes]).toEqual([400, ['DIGEST_INVALID']]);
      expect((await door.send('HEAD', blobAt(other))).status).toBe(404);
    };

    it('post only: 400', async () => {
      const { content } = fresh();
      await expectRefused(
        await door.send('POST', `/v2/${ONE}/blobs/uploads/?digest=${other}`, { body: content }),
      );
    });

    it('post + put: 400', async () => {
      await expectRefused(await put(await begin(), other, { body: fresh().content }));
    });

    it('chunked: 400', async () => {
      const { content } = fresh();
      await expectRefused(await put(await patch(await begin(), content, 0, content.byteLength), other));
    });

    it('chunked + last chunk in PUT: 400', async () => {
      const { content } = fresh();
      const location = await patch(await begin(), content, 0, 1_024);
      const headers = { 'content-range': '1024-2047' };
      await expectRefused(await put(location, other, { body: content.subarray(1_024), headers }));
    });

    it('streamed: 400', async () => {
      const location = await begin();
      const answer = await door.send('PATCH', location, { body: [fresh().content] });
      await expectRefused(await put(targetOf(answer.headers['location']), other));
    });

    it.each([`${algorithm}:baddigeststring`, 'md5:d41d8cd98f00b204e9800998ecf8427e', 'x'])(
      'malformed, or of an unknown algorithm, %s: 400',
      async (malformed) => {
        const { content } = fresh();
        const answers = [
          await door.send('POST', `/v2/${ONE}/blobs/uploads/?digest=${malformed}`, { body: content }),
          await put(await begin(), malformed, { body: content }),
        ];
        for (const { status, codes } of answers) expect([status, codes]).toEqual([400, ['DIGEST_INVALID']]);
      },
    );
  });

  it('known under one algorithm, asked for under another, is another blob', async () => {
    const { content, digest } = fresh();
    await pushBlob(door, ONE, content, { algorithm });
    const other = digestOf(content, algorithm === 'sha256' ? 'sha512' : 'sha256');
    expect((await door.send('HEAD', blobAt(other))).status).toBe(404);
    expect((await door.send('HEAD', blobAt(digest))).status).toBe(200);
  });

  it('pushed under an algorithm that was not announced is taken all the same', async () => {
    const { content } = fresh();
    const digest = digestOf(content, 'sha512');
    const pushed = await put(await begin(), digest, { body: content });
    await expectPushed(pushed, content, digest);
  });
});
