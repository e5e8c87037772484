import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type FrontDoor, openFrontDoor } from '../support/front-door.ts';
import {
  type Algorithm,
  bytes,
  digestOf,
  pushBlob,
  startUpload,
  targetOf,
  withQuery,
} from '../support/oci-content.ts';

/* Blobs: the end points of the OCI distribution specification, by their ids, and what both conformance suites ask. */

const REPOSITORY = 'conformance/one';
const OTHER = 'conformance/two';

const UUID = /^[0-9a-f-]{36}$/;

describe.each<Algorithm>(['sha256', 'sha512'])('blobs by %s', (algorithm) => {
  let door: FrontDoor;
  beforeAll(async () => {
    door = await openFrontDoor();
  });
  afterAll(() => door.close());

  let seed = 0;
  /** Content that no other test has. */
  function fresh(length = 3_000): { content: Buffer; digest: string } {
    seed += 1;
    const content = bytes(length, seed);
    return { content, digest: digestOf(content, algorithm) };
  }
  const begin = (): Promise<string> =>
    startUpload(door, REPOSITORY, {}, algorithm === 'sha512' ? '?digest-algorithm=sha512' : '');
  const blobTarget = (digest: string, repository = REPOSITORY): string => `/v2/${repository}/blobs/${digest}`;

  /** What follows each push in the conformance suite. */
  async function expectPushed(
    answer: Answer,
    content: Uint8Array,
    digest: string,
    repository = REPOSITORY,
  ): Promise<void> {
    expect([answer.status, answer.text]).toEqual([201, '']);
    expect(answer.headers['location']).toBe(blobTarget(digest, repository));
    expect(answer.headers['docker-content-digest']).toBe(digest);
    const read = await door.send('GET', targetOf(answer.headers['location']));
    expect([read.status, read.body.equals(content)]).toEqual([200, true]);
    expect(read.headers['docker-content-digest']).toBe(digest);
    const head = await door.send('HEAD', blobTarget(digest, repository));
    expect([head.status, head.headers['content-length'], head.body.byteLength]).toEqual([
      200,
      String(content.byteLength),
      0,
    ]);
    expect(head.headers['docker-content-digest']).toBe(digest);
  }

  function expectError(answer: Answer, status: number, code: string): void {
    expect([answer.status, answer.codes]).toEqual([status, [code]]);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    const [error] = answer.json<{ errors: Record<string, unknown>[] }>().errors;
    expect(Object.keys(error ?? {})).toEqual(['code', 'message', 'detail']);
    expect(error?.['message']).not.toBe('');
  }

  it('end-2: a missing blob is 404 BLOB_UNKNOWN, by GET and by HEAD', async () => {
    const { digest } = fresh();
    expectError(await door.send('GET', blobTarget(digest)), 404, 'BLOB_UNKNOWN');
    expect((await door.send('HEAD', blobTarget(digest))).status).toBe(404);
    expect((await door.send('GET', blobTarget(digest))).json()).toMatchObject({
      errors: [{ detail: { digest } }],
    });
  });

  it('end-2: GET and HEAD answer with the same headers', async () => {
    const { content } = fresh();
    const digest = await pushBlob(door, REPOSITORY, content, { algorithm });
    const [get, head] = await Promise.all([
      door.send('GET', blobTarget(digest)),
      door.send('HEAD', blobTarget(digest)),
    ]);
    const { 'x-request-id': first, ...ofGet } = get.headers;
    const { 'x-request-id': second, ...ofHead } = head.headers;
    expect(first).not.toBe(second);
    expect(ofGet).toEqual(ofHead);
    expect(ofGet).toMatchObject({
      'content-length': '3000',
      'content-type': 'application/octet-stream',
      'docker-content-digest': digest,
      'accept-ranges': 'bytes',
      etag: `"${digest}"`,
    });
  });

  it('end-4a: POST begins an upload: 202 with Location, Range and Docker-Upload-UUID', async () => {
    const { status, headers, text } = await door.send('POST', `/v2/${REPOSITORY}/blobs/uploads/`);
    expect([status, text]).toEqual([202, '']);
    expect(headers['docker-upload-uuid']).toMatch(UUID);
    expect(headers['location']).toBe(`/v2/${REPOSITORY}/blobs/uploads/${headers['docker-upload-uuid']}`);
    expect(headers['range']).toBe('0-0');
  });

  it('end-4b: a single POST with the blob: 201', async () => {
    const { content, digest } = fresh();
    const answer = await door.send('POST', `/v2/${REPOSITORY}/blobs/uploads/?digest=${digest}`, {
      body: content,
    });
    await expectPushed(answer, content, digest);
  });

  it('end-4b: the same in chunks without a length, and with the digest percent-encoded', async () => {
    const { content, digest } = fresh();
    const target = `/v2/${REPOSITORY}/blobs/uploads/?digest=${encodeURIComponent(digest)}`;
    const answer = await door.send('POST', target, {
      body: [content.subarray(0, 1_000), content.subarray(1_000)],
    });
    await expectPushed(answer, content, digest);
  });

  it('end-4c: digest-algorithm announces the algorithm; one that is not registered is 400', async () => {
    const { content, digest } = fresh();
    const location = await startUpload(door, REPOSITORY, {}, `?digest-algorithm=${algorithm}`);
    await expectPushed(
      await door.send('PUT', withQuery(location, 'digest', digest), { body: content }),
      content,
      digest,
    );
    const answer = await door.send('POST', `/v2/${REPOSITORY}/blobs/uploads/?digest-algorithm=md5`);
    expectError(answer, 400, 'DIGEST_INVALID');
  });

  it('end-6: POST, then PUT with the whole blob: 201', async () => {
    const { content, digest } = fresh();
    const answer = await door.send('PUT', withQuery(await begin(), 'digest', digest), {
      body: content,
      headers: { 'content-type': 'application/octet-stream' },
    });
    await expectPushed(answer, content, digest);
  });

  it('end-6: the algorithm need not have been announced', async () => {
    const { content, digest } = fresh();
    const location = await startUpload(door, REPOSITORY);
    await door.send('PATCH', location, { body: content.subarray(0, 10) });
    const answer = await door.send('PUT', withQuery(location, 'digest', digest), {
      body: content.subarray(10),
    });
    await expectPushed(answer, content, digest);
  });

  it('end-6: a PUT without digest is 400 and leaves the upload as it was', async () => {
    const { content, digest } = fresh();
    const location = await begin();
    await door.send('PATCH', location, { body: content });
    expectError(await door.send('PUT', location), 400, 'DIGEST_INVALID');
    expectError(await door.send('PUT', withQuery(location, 'digest', 'sha256:short')), 400, 'DIGEST_INVALID');
    await expectPushed(await door.send('PUT', withQuery(location, 'digest', digest)), content, digest);
  });

  it('end-5: one PATCH with its range, then PUT without a body', async () => {
    const { content, digest } = fresh();
    const patch = await door.send('PATCH', await begin(), {
      body: content,
      headers: { 'content-range': '0-2999', 'content-type': 'application/octet-stream' },
    });
    expect([patch.status, patch.headers['range'], patch.text]).toEqual([202, '0-2999', '']);
    expect(patch.headers['docker-upload-uuid']).toMatch(UUID);
    const location = targetOf(patch.headers['location']);
    await expectPushed(await door.send('PUT', withQuery(location, 'digest', digest)), content, digest);
  });

  it('end-5: a streamed PATCH, with neither length nor range', async () => {
    const { content, digest } = fresh();
    const patch = await door.send('PATCH', await begin(), {
      body: [content.subarray(0, 1), content.subarray(1, 2_000), content.subarray(2_000)],
    });
    expect([patch.status, patch.headers['range']]).toEqual([202, '0-2999']);
    const location = targetOf(patch.headers['location']);
    await expectPushed(await door.send('PUT', withQuery(location, 'digest', digest)), content, digest);
  });

  it('end-5, end-13: chunks, with the offset asked for between them; the last one comes with PUT', async () => {
    const { content, digest } = fresh();
    let location = await begin();
    for (const [from, to] of [
      [0, 1_000],
      [1_000, 2_000],
    ] as const) {
      const patch = await door.send('PATCH', location, {
        body: content.subarray(from, to),
        headers: { 'content-range': `${from}-${to - 1}` },
      });
      expect([patch.status, patch.headers['range']]).toEqual([202, `0-${to - 1}`]);
      location = targetOf(patch.headers['location']);
      const status = await door.send('GET', location);
      expect([status.status, status.headers['range'], status.body.byteLength]).toEqual([
        204,
        `0-${to - 1}`,
        0,
      ]);
      expect(targetOf(status.headers['location'])).toBe(location);
      expect(status.headers['docker-upload-uuid']).toMatch(UUID);
    }
    const put = await door.send('PUT', withQuery(location, 'digest', digest), {
      body: content.subarray(2_000),
      headers: { 'content-range': '2000-2999' },
    });
    await expectPushed(put, content, digest);
  });

  it('end-5: a PATCH out of order is 416; GET then tells the offset; the upload goes on from there', async () => {
    const { content, digest } = fresh();
    const location = await begin();
    await door.send('PATCH', location, {
      body: content.subarray(0, 1_000),
      headers: { 'content-range': '0-999' },
    });
    for (const [range, from] of [
      ['2000-2999', 2_000],
      ['0-999', 0],
      ['999-1998', 999],
    ] as const) {
      const wrong = await door.send('PATCH', location, {
        body: content.subarray(from, from + 1_000),
        headers: { 'content-range': range },
      });
      expectError(wrong, 416, 'RANGE_INVALID');
      const status = await door.send('GET', location);
      expect([status.status, status.headers['range']]).toEqual([204, '0-999']);
      expect(status.headers['location']).toBeDefined();
    }
    const right = await door.send('PATCH', location, {
      body: content.subarray(1_000),
      headers: { 'content-range': '1000-2999' },
    });
    expect([right.status, right.headers['range']]).toEqual([202, '0-2999']);
    await expectPushed(await door.send('PUT', withQuery(location, 'digest', digest)), content, digest);
  });

  it('end-5: the first PATCH out of order is 416', async () => {
    const location = await begin();
    const answer = await door.send('PATCH', location, { body: 'x', headers: { 'content-range': '1-1' } });
    expectError(answer, 416, 'RANGE_INVALID');
    expect((await door.send('GET', location)).headers['range']).toBe('0-0');
  });

  it('end-6: a PUT out of order is 416 and leaves the upload as it was', async () => {
    const { content, digest } = fresh();
    const location = await begin();
    await door.send('PATCH', location, { body: content.subarray(0, 1_000) });
    const wrong = await door.send('PUT', withQuery(location, 'digest', digest), {
      body: content.subarray(2_000),
      headers: { 'content-range': '2000-2999' },
    });
    expectError(wrong, 416, 'RANGE_INVALID');
    expect((await door.send('GET', location)).headers['range']).toBe('0-999');
    const right = await door.send('PUT', withQuery(location, 'digest', digest), {
      body: content.subarray(1_000),
      headers: { 'content-range': '1000-2999' },
    });
    await expectPushed(right, content, digest);
  });

  it.each(['', '5', '5-', '-5', '5-4', 'a-b', '0-4,5-6', 'items 0-4/5', `0-${'9'.repeat(30)}`, '0x0-0x4'])(
    'end-5: a Content-Range %j is 416',
    async (range) => {
      const answer = await door.send('PATCH', await begin(), {
        body: '12345',
        headers: { 'content-range': range },
      });
      expectError(answer, 416, 'RANGE_INVALID');
    },
  );

  it("end-5: HTTP's own form of Content-Range is taken too", async () => {
    const answer = await door.send('PATCH', await begin(), {
      body: '12345',
      headers: { 'content-range': 'bytes 0-4/5' },
    });
    expect(answer.status).toBe(202);
  });

  it('end-5: a body shorter or longer than announced is 400 SIZE_INVALID, and the upload goes on as it was', async () => {
    const { content, digest } = fresh();
    const location = await begin();
    await door.send('PATCH', location, { body: content.subarray(0, 1_000) });
    for (const body of [[content.subarray(1_000, 1_010)], [content.subarray(1_000, 2_500)]]) {
      const answer = await door.send('PATCH', location, { body, headers: { 'content-range': '1000-1999' } });
      expectError(answer, 400, 'SIZE_INVALID');
      expect((await door.send('GET', location)).headers['range']).toBe('0-999');
    }
    const contradicting = await door.send('PATCH', location, {
      body: content.subarray(1_000),
      headers: { 'content-range': '1000-1001' },
    });
    expectError(contradicting, 400, 'SIZE_INVALID');
    const rest = await door.send('PUT', withQuery(location, 'digest', digest), {
      body: content.subarray(1_000),
    });
    await expectPushed(rest, content, digest);
  });

  it('end-13, end-14: a cancelled upload is 404 for everything', async () => {
    const location = await begin();
    await door.send('PATCH', location, { body: 'some' });
    const cancelled = await door.send('DELETE', location);
    expect([cancelled.status, cancelled.body.byteLength]).toEqual([204, 0]);
    const target = withQuery(location, 'digest', digestOf('some', algorithm));
    for (const [method, path] of [
      ['GET', location],
      ['PATCH', location],
      ['PUT', target],
      ['DELETE', location],
    ] as const) {
      expectError(await door.send(method, path, { body: '' }), 404, 'BLOB_UPLOAD_UNKNOWN');
    }
    expect((await door.send('GET', blobTarget(digestOf('some', algorithm)))).status).toBe(404);
  });

  it('end-13: an upload that was finished is unknown', async () => {
    const { content, digest } = fresh();
    const location = await begin();
    await door.send('PUT', withQuery(location, 'digest', digest), { body: content });
    expectError(await door.send('GET', location), 404, 'BLOB_UPLOAD_UNKNOWN');
    expectError(await door.send('PUT', withQuery(location, 'digest', digest)), 404, 'BLOB_UPLOAD_UNKNOWN');
  });

  it('the upload of one repository is unknown in every other', async () => {
    const { content, digest } = fresh();
    const location = await begin();
    const elsewhere = location.replace(REPOSITORY, OTHER);
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      expectError(await door.send(method, elsewhere, { body: '' }), 404, 'BLOB_UPLOAD_UNKNOWN');
    }
    expectError(
      await door.send('PUT', withQuery(elsewhere, 'digest', digest), { body: content }),
      404,
      'BLOB_UPLOAD_UNKNOWN',
    );
    expect((await door.send('GET', location)).status).toBe(204);
  });

  describe('a wrong digest is 400 DIGEST_INVALID, and nothing is stored', () => {
    type Push = (content: Buffer, digest: string) => Promise<{ answer: Answer; location?: string }>;
    const PATHS: Readonly<Record<string, Push>> = {
      'single POST': async (content, digest) => ({
        answer: await door.send('POST', `/v2/${REPOSITORY}/blobs/uploads/?digest=${digest}`, {
          body: content,
        }),
      }),
      'POST and PUT': async (content, digest) => {
        const location = await begin();
        return {
          location,
          answer: await door.send('PUT', withQuery(location, 'digest', digest), { body: content }),
        };
      },
      chunked: async (content, digest) => {
        const location = await begin();
        await door.send('PATCH', location, {
          body: content,
          headers: { 'content-range': `0-${content.byteLength - 1}` },
        });
        return { location, answer: await door.send('PUT', withQuery(location, 'digest', digest)) };
      },
      'chunked, the last chunk with PUT': async (content, digest) => {
        const location = await begin();
        await door.send('PATCH', location, {
          body: content.subarray(0, 1_000),
          headers: { 'content-range': '0-999' },
        });
        return {
          location,
          answer: await door.send('PUT', withQuery(location, 'digest', digest), {
            body: content.subarray(1_000),
          }),
        };
      },
      streamed: async (content, digest) => {
        const location = await begin();
        await door.send('PATCH', location, { body: [content] });
        return { location, answer: await door.send('PUT', withQuery(location, 'digest', digest)) };
      },
    };

    it.each(Object.entries(PATHS))('%s', async (_, push) => {
      const { content, digest } = fresh();
      const announced = digestOf('something else', algorithm);
      const { answer, location } = await push(content, announced);
      expectError(answer, 400, 'DIGEST_INVALID');
      expect(answer.text).toContain(digest);
      expect((await door.send('GET', blobTarget(announced))).status).toBe(404);
      expect((await door.send('GET', blobTarget(digest))).status).toBe(404);
      if (location !== undefined) expect((await door.send('GET', location)).status).toBe(404);
    });
  });

  it.each([
    ['empty', ''],
    ['{}', '{}'],
  ])('the blob %j can be pushed on every path, again and again', async (_, content) => {
    const body = Buffer.from(content);
    const digest = digestOf(body, algorithm);
    const single = `/v2/${REPOSITORY}/blobs/uploads/?digest=${digest}`;
    await expectPushed(await door.send('POST', single, { body }), body, digest);
    await expectPushed(
      await door.send('PUT', withQuery(await begin(), 'digest', digest), { body }),
      body,
      digest,
    );
    await expectPushed(await door.send('POST', single, { body: [body] }), body, digest);
    const location = await begin();
    expect((await door.send('PATCH', location, { body })).status).toBe(202);
    await expectPushed(await door.send('PUT', withQuery(location, 'digest', digest)), body, digest);
  });

  describe('end-2: ranges', () => {
    const content = bytes(5_000, 77);
    let digest = '';
    beforeAll(async () => {
      digest = await pushBlob(door, REPOSITORY, content, { algorithm });
    });

    it.each([
      ['500-1499', 500, 1_499],
      ['500-', 500, 4_999],
      ['-500', 4_500, 4_999],
      ['0-0', 0, 0],
      ['4999-4999', 4_999, 4_999],
      ['0-', 0, 4_999],
      ['2000-5000', 2_000, 4_999],
      ['2000-99999999999999999999', 2_000, 4_999],
      ['-99999', 0, 4_999],
    ])('bytes=%s is 206', async (range, first, last) => {
      const answer = await door.send('GET', blobTarget(digest), { headers: { range: `bytes=${range}` } });
      expect([answer.status, answer.headers['content-range'], answer.headers['content-length']]).toEqual([
        206,
        `bytes ${first}-${last}/5000`,
        String(last - first + 1),
      ]);
      expect(answer.body.equals(content.subarray(first, last + 1))).toBe(true);
      expect(answer.headers['docker-content-digest']).toBe(digest);
    });

    it.each(['500-0', '5000-10000', '5000-', '-0', '-', 'a-b', '99999999999999999999-'])(
      'bytes=%s is 416',
      async (range) => {
        const answer = await door.send('GET', blobTarget(digest), { headers: { range: `bytes=${range}` } });
        expectError(answer, 416, 'RANGE_INVALID');
      },
    );

    it('416 tells the size (RFC 9110, section 15.5.17: SHOULD)', async () => {
      const answer = await door.send('GET', blobTarget(digest), { headers: { range: 'bytes=5000-' } });
      expect(answer.headers['content-range']).toBe('bytes */5000');
    });

    it.each(['lines=0-5', 'nonsense'])('%s gives the whole blob', async (range) => {
      const answer = await door.send('GET', blobTarget(digest), { headers: { range } });
      expect([answer.status, answer.body.equals(content)]).toEqual([200, true]);
    });

    it('several ranges come as multipart/byteranges, in the order asked for (RFC 9110, section 14.6)', async () => {
      const range = 'bytes=4000-4999,0-9,9-19,9000-9999';
      const answer = await door.send('GET', blobTarget(digest), { headers: { range } });
      expect(answer.status).toBe(206);
      const boundary = /^multipart\/byteranges; boundary=([\w-]+)$/.exec(
        answer.headers['content-type'] ?? '',
      )?.[1];
      const head = (first: number, last: number) =>
        `--${boundary}\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes ${first}-${last}/5000\r\n\r\n`;
      const expected = Buffer.concat([
        Buffer.from(head(4_000, 4_999)),
        content.subarray(4_000),
        Buffer.from(`\r\n${head(0, 19)}`),
        content.subarray(0, 20),
        Buffer.from(`\r\n--${boundary}--\r\n`),
      ]);
      expect(answer.body.equals(expected)).toBe(true);
      expect(answer.headers['content-length']).toBe(String(expected.byteLength));
      expect(answer.headers['content-range']).toBeUndefined();
    });

    it.each([
      ['0-1,5-6', 0, 6],
      ['0-99,100-199', 0, 199],
      ['4000-,9000-9999', 4_000, 4_999],
    ])('several ranges that are one, bytes=%s, come as one', async (range, first, last) => {
      const answer = await door.send('GET', blobTarget(digest), { headers: { range: `bytes=${range}` } });
      expect([answer.status, answer.headers['content-range'], answer.headers['content-type']]).toEqual([
        206,
        `bytes ${first}-${last}/5000`,
        'application/octet-stream',
      ]);
      expect(answer.body.equals(content.subarray(first, last + 1))).toBe(true);
    });

    it('several ranges that hold nothing are 416', async () => {
      const answer = await door.send('GET', blobTarget(digest), { headers: { range: 'bytes=5000-,9-3' } });
      expectError(answer, 416, 'RANGE_INVALID');
    });

    it('more than 16 pieces give the whole blob (RFC 9110, section 14.2)', async () => {
      const ranges = Array.from({ length: 17 }, (_, position) => `${position * 200}-${position * 200}`);
      const range = `bytes=${ranges.join(',')}`;
      const answer = await door.send('GET', blobTarget(digest), { headers: { range } });
      expect([answer.status, answer.body.equals(content)]).toEqual([200, true]);
    });

    it('a range of a blob that is not there is 404', async () => {
      const target = blobTarget(digestOf('nothing', algorithm));
      expectError(await door.send('GET', target, { headers: { range: 'bytes=0-1' } }), 404, 'BLOB_UNKNOWN');
    });

    it('a range of the empty blob is 416', async () => {
      const empty = await pushBlob(door, REPOSITORY, '', { algorithm });
      const answer = await door.send('GET', blobTarget(empty), { headers: { range: 'bytes=0-' } });
      expectError(answer, 416, 'RANGE_INVALID');
      const suffix = await door.send('GET', blobTarget(empty), { headers: { range: 'bytes=-5' } });
      expect([suffix.status, suffix.body.byteLength]).toEqual([200, 0]);
    });

    it('If-Range with another validator gives the whole blob (RFC 9110, section 13.1.5)', async () => {
      const answer = await door.send('GET', blobTarget(digest), {
        headers: { range: 'bytes=0-9', 'if-range': '"something else"' },
      });
      expect([answer.status, answer.body.byteLength]).toEqual([200, 5_000]);
    });
  });

  it('end-11: mount: 201, and the blob is in the second repository', async () => {
    const { content } = fresh();
    const digest = await pushBlob(door, REPOSITORY, content, { algorithm });
    expect((await door.send('HEAD', blobTarget(digest, OTHER))).status).toBe(404);
    const answer = await door.send('POST', `/v2/${OTHER}/blobs/uploads/?mount=${digest}&from=${REPOSITORY}`);
    await expectPushed(answer, content, digest, OTHER);
    const again = await door.send('POST', `/v2/${OTHER}/blobs/uploads/?mount=${digest}&from=${REPOSITORY}`);
    await expectPushed(again, content, digest, OTHER);
    const self = await door.send('POST', `/v2/${OTHER}/blobs/uploads/?mount=${digest}&from=${OTHER}`);
    await expectPushed(self, content, digest, OTHER);
  });

  it('end-11: a mount of a missing blob or from an unknown repository begins an upload: 202', async () => {
    const { content } = fresh();
    const digest = await pushBlob(door, REPOSITORY, content, { algorithm });
    const missing = digestOf('missing', algorithm);
    for (const query of [
      `mount=${missing}&from=${REPOSITORY}`,
      `mount=${digest}&from=nobody/knows`,
      `mount=${missing}`,
    ]) {
      const answer = await door.send('POST', `/v2/third/repository/blobs/uploads/?${query}`);
      expect([query, answer.status]).toEqual([query, 202]);
      expect(answer.headers['docker-upload-uuid']).toMatch(UUID);
      expect((await door.send('GET', targetOf(answer.headers['location']))).status).toBe(204);
    }
    expect((await door.send('HEAD', blobTarget(digest, 'third/repository'))).status).toBe(404);
  });

  it('end-11: a malformed digest or from is 400', async () => {
    const target = `/v2/${OTHER}/blobs/uploads/`;
    expectError(
      await door.send('POST', `${target}?mount=sha256:x&from=${REPOSITORY}`),
      400,
      'DIGEST_INVALID',
    );
    expectError(
      await door.send('POST', `${target}?mount=${digestOf('x')}&from=../${REPOSITORY}`),
      400,
      'NAME_INVALID',
    );
  });

  it('end-10: DELETE is 202, then everything is 404; another repository keeps its own', async () => {
    const { content } = fresh();
    const digest = await pushBlob(door, REPOSITORY, content, { algorithm });
    await door.send('POST', `/v2/${OTHER}/blobs/uploads/?mount=${digest}&from=${REPOSITORY}`);
    const answer = await door.send('DELETE', blobTarget(digest));
    expect([answer.status, answer.text]).toEqual([202, '']);
    expect((await door.send('HEAD', blobTarget(digest))).status).toBe(404);
    expectError(await door.send('GET', blobTarget(digest)), 404, 'BLOB_UNKNOWN');
    expectError(await door.send('DELETE', blobTarget(digest)), 404, 'BLOB_UNKNOWN');
    expect((await door.send('GET', blobTarget(digest, OTHER))).body.equals(content)).toBe(true);
    const mounted = await door.send(
      'POST',
      `/v2/third/one/blobs/uploads/?mount=${digest}&from=${REPOSITORY}`,
    );
    expect(mounted.status).toBe(202);
  });

  it('a blob that exists in one repository is in no other (CVE-2024-39897)', async () => {
    const { content } = fresh();
    const digest = await pushBlob(door, 'private/one', content, { algorithm });
    expect((await door.send('GET', blobTarget(digest, 'private/one'))).status).toBe(200);
    for (const method of ['GET', 'HEAD', 'DELETE']) {
      expect((await door.send(method, blobTarget(digest, 'public/one'))).status).toBe(404);
    }
  });

  it.each(['gzip', 'identity, gzip', 'br'])(
    'Content-Encoding %s is 415, and nothing is stored',
    async (encoding) => {
      const { content, digest } = fresh();
      const answer = await door.send('POST', `/v2/${REPOSITORY}/blobs/uploads/?digest=${digest}`, {
        body: content,
        headers: { 'content-encoding': encoding },
      });
      expect(answer.status).toBe(415);
      expect((await door.send('HEAD', blobTarget(digest))).status).toBe(404);
    },
  );
});

describe('digests in a path', () => {
  let door: FrontDoor;
  const content = 'some blob';
  beforeAll(async () => {
    door = await openFrontDoor();
    await pushBlob(door, 'a/b', content);
  });
  afterAll(() => door.close());

  it('percent-encoded, they are the same', async () => {
    const encoded = encodeURIComponent(digestOf(content));
    expect(encoded).toContain('%3A');
    expect((await door.send('GET', `/v2/a/b/blobs/${encoded}`)).text).toBe(content);
    expect((await door.send('GET', `/v2/a%2Fb/blobs/${encoded}`)).text).toBe(content);
  });

  const hex = digestOf(content).slice('sha256:'.length);
  it.each([
    'sha256:',
    `sha256:${hex.toUpperCase()}`,
    `SHA256:${hex}`,
    `sha256:${hex}0`,
    `sha256:${hex.slice(1)}`,
    `sha256%253A${hex}`,
    `sha512:${hex}`,
    `sha384:${hex}${hex.slice(32)}`,
    `md5:${hex.slice(32)}`,
    `sha256:${hex}%00`,
    `sha256:${hex}%0d%0aX-Injected:%20yes`,
    'latest',
    '..',
    '%2e%2e',
    '%2e%2e%2f%2e%2e%2fberth.db',
  ])('GET of the blob %s is 400 or 404', async (digest) => {
    const answer = await door.send('GET', `/v2/a/b/blobs/${digest}`);
    expect([400, 404]).toContain(answer.status);
    expect(answer.headers).not.toHaveProperty('x-injected');
  });
});
