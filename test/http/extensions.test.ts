import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StoppedClock } from '../support/clock.ts';
import { type FrontDoor, openFrontDoor } from '../support/front-door.ts';
import {
  digestOf,
  OCI_IMAGE,
  OCI_INDEX,
  type PushedImage,
  pushImage,
  putManifest,
} from '../support/oci-content.ts';

/** distribution-spec, extensions/_oci.md, and the tag history of its pull request 606. */

interface Entry {
  readonly mediaType: string;
  readonly size: number;
  readonly digest: string;
  readonly annotations: Readonly<Record<string, string>>;
}

const TAG = 'org.opencontainers.distribution.tag';
const START = Date.parse('2026-05-04T03:02:01.000Z');

describe('extensions', () => {
  let door: FrontDoor;
  beforeAll(async () => {
    door = await openFrontDoor();
  });
  afterAll(() => door.close());

  it.each(['/v2/_oci/ext/discover', '/v2/any/name/_oci/ext/discover'])(
    '%s tells what there is',
    async (target) => {
      const answer = await door.send('GET', target);
      expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json']);
      const { extensions } = answer.json<{ extensions: Record<string, unknown>[] }>();
      for (const extension of extensions) {
        expect(extension).toEqual({
          name: expect.stringMatching(/^_[a-z]+$/),
          url: expect.stringMatching(/^https:/),
          description: expect.any(String),
          endpoints: expect.arrayContaining([expect.stringMatching(/^\/v2\//)]),
        });
      }
      expect(extensions.flatMap(({ endpoints }) => endpoints)).toContain(
        target.replace('any/name', '<name>'),
      );
    },
  );

  it('that there are not are 404', async () => {
    for (const target of ['/v2/_oci/ext', '/v2/_oci/ext/discover/', '/v2/_docker/x', '/v2/a/_oci/ext/none']) {
      expect([target, (await door.send('GET', target)).status]).toEqual([target, 404]);
    }
  });
});

describe('the history of a tag', () => {
  let door: FrontDoor;
  const clock = new StoppedClock(START);
  let one: PushedImage;
  let two: PushedImage;
  const target = '/v2/history/app/_oci/tag-history/v1';

  beforeAll(async () => {
    door = await openFrontDoor({ clock });
    one = await pushImage(door, 'history/app', 'v1', { seed: 1 });
    clock.advance(1_000);
    two = await pushImage(door, 'history/app', 'v1', { seed: 2 });
    clock.advance(1_000);
    // The same again is no event.
    await putManifest(door, 'history/app', 'v1', two.text);
    await door.send('DELETE', '/v2/history/app/manifests/v1');
    clock.advance(1_000);
    await putManifest(door, 'history/app', 'v1', one.text);
    clock.advance(1_000);
    await door.send('DELETE', `/v2/history/app/manifests/${one.digest}`);
    await door.send('DELETE', `/v2/history/app/manifests/${two.digest}`);
  });
  afterAll(() => door.close());

  const read = async (query = '', from = target) => {
    const answer = await door.send('GET', from + query);
    expect([answer.status, answer.headers['content-type']], answer.text).toEqual([200, OCI_INDEX]);
    const { manifests, ...rest } = answer.json<{ manifests: Entry[] }>();
    expect(rest).toEqual({ schemaVersion: 2, mediaType: OCI_INDEX });
    return { manifests, link: /^<([^>]+)>; rel="next"$/.exec(answer.headers['link'] ?? '')?.[1] };
  };
  const entry = (event: string, image: PushedImage, seconds: number): Entry => ({
    mediaType: OCI_IMAGE,
    size: Buffer.byteLength(image.text),
    digest: image.digest,
    annotations: {
      [`${TAG}.timestamp`]: new Date(START + seconds * 1_000).toISOString(),
      [`${TAG}.event`]: event,
    },
  });
  const whole = (): Entry[] => [
    entry('deleted', one, 4),
    entry('created', one, 3),
    entry('deleted', two, 2),
    entry('created', two, 1),
    entry('created', one, 0),
  ];

  it('is there when tag and manifests are gone, the latest first', async () => {
    expect(await read()).toEqual({ manifests: whole(), link: undefined });
  });

  it.each(['/v2/history/app/_oci/tag-history/other', '/v2/nobody/knows/_oci/tag-history/v1'])(
    'is empty for what is unknown, never 404: %s',
    async (unknown) => {
      expect(await read('', unknown)).toEqual({ manifests: [], link: undefined });
    },
  );

  it('n=0 is an empty list without Link', async () => {
    expect(await read('?n=0')).toEqual({ manifests: [], link: undefined });
  });

  it.each([1, 2, 4])('comes in pages of %i, by Link', async (n) => {
    const found: Entry[] = [];
    let next: string | undefined = `${target}?n=${n}`;
    while (next !== undefined) {
      const page: Awaited<ReturnType<typeof read>> = await read('', next);
      expect(page.manifests.length).toBeLessThanOrEqual(n);
      found.push(...page.manifests);
      next = page.link;
    }
    expect(found).toEqual(whole());
    expect((await read('?n=5')).link).toBeUndefined();
  });

  it('comes in pages by the timestamp of the last entry as well', async () => {
    const first = (await read('?n=2')).manifests;
    const before = first.at(-1)?.annotations[`${TAG}.timestamp`] ?? '';
    expect((await read(`?n=2&before=${before}`)).manifests).toEqual(whole().slice(2, 4));
  });

  it('before and since leave out their own moment, whatever the zone they are in', async () => {
    const at = (seconds: number) => new Date(START + seconds * 1_000).toISOString();
    expect((await read(`?since=${at(2)}`)).manifests).toEqual(whole().slice(0, 2));
    expect((await read(`?before=${at(2)}`)).manifests).toEqual(whole().slice(3));
    expect((await read(`?since=${at(0)}&before=${at(3)}`)).manifests).toEqual(whole().slice(2, 4));
    expect((await read('?since=2026-05-04T05:02:03%2B02:00')).manifests).toEqual(whole().slice(0, 2));
    // A plus that was not escaped.
    expect((await read('?since=2026-05-04T05:02:03+02:00')).manifests).toEqual(whole().slice(0, 2));
    expect((await read('?since=2026-05-04T03:02:02.999999999Z')).manifests).toEqual(whole().slice(0, 3));
    expect((await read('?before=2026-05-04T03:02:01.0001Z')).manifests).toEqual(whole().slice(4));
  });

  it('digest leaves the events of one manifest, and a Link keeps it', async () => {
    const ofOne = whole().filter(({ digest }) => digest === one.digest);
    expect((await read(`?digest=${one.digest}`)).manifests).toEqual(ofOne);
    const { manifests, link } = await read(`?digest=${one.digest}&n=2`);
    expect([...manifests, ...(await read('', link)).manifests]).toEqual(ofOne);
    expect((await read(`?digest=${digestOf('another')}`)).manifests).toEqual([]);
  });

  it.each([
    ['?n=x', 'PAGINATION_NUMBER_INVALID'],
    ['?n=-1', 'PAGINATION_NUMBER_INVALID'],
    ['?before=yesterday', 'UNSUPPORTED'],
    ['?since=2026-05-04', 'UNSUPPORTED'],
    ['?since=2026-13-04T00:00:00Z', 'UNSUPPORTED'],
    ['?digest=sha256:x', 'DIGEST_INVALID'],
  ])('%s is 400', async (query, code) => {
    const answer = await door.send('GET', target + query);
    expect([answer.status, answer.codes]).toEqual([400, [code]]);
  });

  it('of what is no tag is 400, not 404', async () => {
    const answer = await door.send('GET', '/v2/history/app/_oci/tag-history/.bad');
    expect([answer.status, answer.codes]).toEqual([400, ['TAG_INVALID']]);
  });
});
