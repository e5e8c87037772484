import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type FrontDoor, openFrontDoor } from '../support/front-door.ts';
import {
  digestOf,
  OCI_IMAGE,
  OCI_INDEX,
  type PushedImage,
  pushImage,
  putManifest,
} from '../support/oci-content.ts';
import { recordedMetrics } from '../support/recorded-metrics.ts';

/** Tags that a rule keeps where they are. */

const CONFIG = `repositories:
  - {match: "free/**", immutabletags: []}
  - {match: "**", immutabletags: ["v*", "/^release-[0-9]+$/"]}`;

describe('immutable tags', () => {
  let door: FrontDoor;
  let one: PushedImage;
  let two: PushedImage;
  const metrics = recordedMetrics();

  beforeAll(async () => {
    door = await openFrontDoor({ config: CONFIG, metrics });
    for (const repository of ['app', 'free/app']) {
      one = await pushImage(door, repository, 'one', { seed: 1 });
      two = await pushImage(door, repository, 'two', { seed: 2 });
    }
  });
  afterAll(() => door.close());

  const put = (tag: string, { text }: PushedImage, repository = 'app') =>
    putManifest(door, repository, tag, text);
  const remove = (path: string) => door.send('DELETE', `/v2/app/${path}`);
  const current = async (tag: string, repository = 'app') =>
    (await door.send('HEAD', `/v2/${repository}/manifests/${tag}`)).headers['docker-content-digest'];
  const said = (answer: Answer) => {
    const [error] = answer.json<{ errors: { code: string; message: string; detail: unknown }[] }>().errors;
    return { status: answer.status, ...error };
  };

  it('are set once: the same again is fine, another digest is refused, and the tag stays', async () => {
    expect((await put('v1', one)).status).toBe(201);
    expect((await put('v1', one)).status).toBe(201);
    expect(said(await put('v1', two))).toEqual({
      status: 409,
      code: 'DENIED',
      message: `the tag "v1" is immutable here and stays at ${one.digest}; push under another tag`,
      detail: { tag: 'v1', digest: one.digest },
    });
    expect(await current('v1')).toBe(one.digest);
    expect(metrics.valueOf('berth_limit_refusals_total', { limit: 'immutable' })).toBe(1);
  });

  it('are those that the rule of the repository fits, and no others', async () => {
    for (const tag of ['latest', 'rev1', 'release-1a']) {
      expect((await put(tag, one)).status).toBe(201);
      expect((await put(tag, two)).status).toBe(201);
    }
    expect((await put('release-12', one)).status).toBe(201);
    expect((await put('release-12', two)).status).toBe(409);
    expect((await put('v1', one, 'free/app')).status).toBe(201);
    expect((await put('v1', two, 'free/app')).status).toBe(201);
    expect((await door.send('DELETE', '/v2/free/app/manifests/v1')).status).toBe(202);
  });

  it('let a push of several tags set all of them or none', async () => {
    await put('v2', one);
    const target = `/v2/app/manifests/${two.digest}?tag=fresh&tag=v2&tag=v3`;
    const many = await door.send('PUT', target, { body: two.text, headers: { 'content-type': OCI_IMAGE } });
    expect([many.status, said(many).detail]).toEqual([409, { tag: 'v2', digest: one.digest }]);
    expect([await current('fresh'), await current('v2'), await current('v3')]).toEqual([
      undefined,
      one.digest,
      undefined,
    ]);
  });

  it('cannot be deleted, nor can what they point to or need', async () => {
    const platform = { architecture: 'amd64', os: 'linux' };
    const index = JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_INDEX,
      manifests: [{ ...two.descriptor, platform }],
    });
    const pushed = await putManifest(door, 'app', 'v4', index);
    const digest = pushed.headers['docker-content-digest'] ?? '';
    const wanted = ['manifests/v4', `manifests/${digest}`, `manifests/${two.digest}`, `blobs/${two.layer}`];
    for (const path of wanted) {
      expect(said(await remove(path)), path).toEqual({
        status: 409,
        code: 'DENIED',
        message: 'the tag "v4" is immutable here: neither it nor what it needs can be deleted',
        detail: { tag: 'v4', digest },
      });
    }
    expect((await door.send('GET', '/v2/app/manifests/v4')).text).toBe(index);
    expect((await door.send('GET', `/v2/app/blobs/${two.layer}`)).status).toBe(200);
  });

  it('do not hide what is not there', async () => {
    expect(said(await remove('manifests/v99'))).toMatchObject({ status: 404, code: 'MANIFEST_UNKNOWN' });
    expect((await door.send('DELETE', '/v2/nowhere/manifests/v1')).status).toBe(404);
  });

  it('leave other tags of the same manifest free to move and to go', async () => {
    await put('v5', one);
    await put('moving', one);
    expect((await put('moving', two)).status).toBe(201);
    expect((await remove('manifests/moving')).status).toBe(202);
    expect(await current('v5')).toBe(one.digest);
  });

  it('are checked behind preconditions and before what is missing', async () => {
    await put('v6', one);
    const conditional = await door.send('PUT', '/v2/app/manifests/v6', {
      body: two.text,
      headers: { 'content-type': OCI_IMAGE, 'if-none-match': '*' },
    });
    expect(conditional.status).toBe(412);
    const incomplete = two.text.replace(two.layer, one.digest);
    expect((await putManifest(door, 'app', 'v6', incomplete)).status).toBe(409);
  });

  it('of many pushes at once, go to exactly one', async () => {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('tag', 'tags', 'digest'), { minLength: 2, maxLength: 8 }),
        async (kinds) => {
          round += 1;
          const tag = `v-${round}`;
          const texts = kinds.map((_, position) => `${two.text}${' '.repeat(round * 10 + position + 1)}`);
          const answers = await Promise.all(
            kinds.map((kind, position) => {
              const body = texts[position] ?? '';
              const headers = { 'content-type': OCI_IMAGE };
              const digest = digestOf(body);
              const target =
                kind === 'tag' ? tag : `${digest}?tag=${tag}${kind === 'tags' ? '&tag=other' : ''}`;
              return door.send('PUT', `/v2/app/manifests/${target}`, { body, headers });
            }),
          );
          const winners = texts.filter((_, position) => answers[position]?.status === 201);
          expect(winners).toHaveLength(1);
          expect(answers.filter(({ status }) => status === 409)).toHaveLength(kinds.length - 1);
          expect(await current(tag)).toBe(digestOf(winners[0] ?? ''));
        },
      ),
      { numRuns: 15 },
    );
  });
});
