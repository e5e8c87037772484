import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUILTIN, type FrontDoor, openFrontDoor } from '../support/front-door.ts';
import { descriptor, digestOf, OCI_INDEX, pushImage, putManifest, targetOf } from '../support/oci-content.ts';

/* end-8, the catalog, and the pages of referrers: order, n, last, and Link that leads on. */

const EMPTY_INDEX = JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] });

function nextOf(link: string | undefined): string | undefined {
  if (link === undefined) return undefined;
  const target = /^<([^<>\s]+)>; rel="next"$/.exec(link)?.[1];
  if (target === undefined) throw new Error(`${link} is no Link to a next page`);
  return targetOf(target);
}

describe('lists', () => {
  let door: FrontDoor;
  const TAGS = [
    '10',
    '9',
    'A',
    'B-1',
    '_x',
    'a',
    'b',
    'latest',
    'v1.0',
    'v1.0-rc.1',
    'v1.10',
    'v1.9',
  ].toSorted();
  const REPOSITORIES = ['a', 'a-b/c', 'a.b', 'a/b', 'a/b/c', 'a/tags', 'a0', 'lists/tags', 'zz'].toSorted();
  beforeAll(async () => {
    door = await openFrontDoor({ config: 'catalog: {maxentries: 7}\ntags: {maxtags: 1000}' });
    for (const name of REPOSITORIES.toReversed()) await putManifest(door, name, 'x', EMPTY_INDEX);
    await door.send('DELETE', '/v2/lists/tags/manifests/x');
    for (const tag of TAGS.toReversed()) await putManifest(door, 'lists/tags', tag, EMPTY_INDEX);
    await door.send('POST', '/v2/only/uploads/blobs/uploads/');
  });
  afterAll(() => door.close());

  const tagsOf = async (query: string): Promise<{ tags: string[]; next: string | undefined }> => {
    const answer = await door.send('GET', `/v2/lists/tags/tags/list${query}`);
    expect(answer.status).toBe(200);
    const body = answer.json<{ name: string; tags: string[] }>();
    expect(body.name).toBe('lists/tags');
    return { tags: body.tags, next: nextOf(answer.headers['link']) };
  };

  async function follow(first: string, key: 'tags' | 'repositories', perPage: number): Promise<string[]> {
    const found: string[] = [];
    let target: string | undefined = first;
    while (target !== undefined) {
      const answer = await door.send('GET', target);
      expect(answer.status).toBe(200);
      const page = answer.json<Record<string, string[]>>()[key] ?? [];
      target = nextOf(answer.headers['link']);
      expect(page.length).toBeLessThanOrEqual(perPage);
      expect(page.length).toBeGreaterThan(0);
      found.push(...page);
    }
    return found;
  }

  it('end-8a: all tags in ASCII order, without Link', async () => {
    expect(await tagsOf('')).toEqual({ tags: TAGS, next: undefined });
  });

  it.each([1, 2, 5, 11, 12, 13])('end-8b: n=%d, and Link leads through all of them', async (n) => {
    const { tags, next } = await tagsOf(`?n=${n}`);
    expect(tags).toEqual(TAGS.slice(0, n));
    expect(next === undefined).toBe(n >= TAGS.length);
    expect(await follow(`/v2/lists/tags/tags/list?n=${n}`, 'tags', n)).toEqual(TAGS);
  });

  it('end-8b: n=0 is an empty list without Link', async () => {
    expect(await tagsOf('?n=0')).toEqual({ tags: [], next: undefined });
  });

  it('end-8b: last begins after it, be it a tag or not', async () => {
    expect((await tagsOf('?last=a')).tags).toEqual(TAGS.filter((tag) => tag > 'a'));
    expect((await tagsOf('?last=aa&n=2')).tags).toEqual(TAGS.filter((tag) => tag > 'aa').slice(0, 2));
    expect((await tagsOf('?last=zzz')).tags).toEqual([]);
    expect((await tagsOf(`?last=${TAGS.at(-1)}`)).next).toBeUndefined();
    expect((await tagsOf('?last=')).tags).toEqual(TAGS);
    expect((await tagsOf('?last=%27%20OR%201=1--%00')).tags).toEqual(TAGS);
  });

  it.each(['-1', 'x', '1.5', '1e3', ' ', '0x10', '99999999999999999999', '１'])(
    'n=%s is 400 PAGINATION_NUMBER_INVALID for tags and catalog',
    async (n) => {
      for (const target of ['/v2/lists/tags/tags/list', '/v2/_catalog']) {
        const answer = await door.send('GET', `${target}?n=${encodeURIComponent(n)}`);
        expect([answer.status, answer.codes]).toEqual([400, ['PAGINATION_NUMBER_INVALID']]);
      }
    },
  );

  it('a huge n costs nothing (CVE-2023-2253)', async () => {
    expect((await tagsOf('?n=999999999')).tags).toEqual(TAGS);
    expect((await door.send('GET', '/v2/_catalog?n=999999999')).codes).toEqual(['PAGINATION_NUMBER_INVALID']);
  });

  it('end-8a: a repository to which nothing was pushed is 404 NAME_UNKNOWN', async () => {
    for (const name of ['never/pushed', 'only/uploads']) {
      const answer = await door.send('GET', `/v2/${name}/tags/list`);
      expect([answer.status, answer.codes]).toEqual([404, ['NAME_UNKNOWN']]);
    }
  });

  it('end-8a: more tags than maxtags come in pages, as in distribution', async () => {
    const few = await openFrontDoor({ config: 'tags: {maxtags: 2}' });
    for (const tag of ['a', 'b', 'c']) await putManifest(few, 'r', tag, EMPTY_INDEX);
    const answer = await few.send('GET', '/v2/r/tags/list?n=100');
    expect(answer.json()).toEqual({ name: 'r', tags: ['a', 'b'] });
    const second = await few.send('GET', nextOf(answer.headers['link']) ?? '');
    expect([second.json(), second.headers['link']]).toEqual([{ name: 'r', tags: ['c'] }, undefined]);
    await few.close();
  });

  it('the catalog has every repository to which a manifest was pushed, in order, in pages', async () => {
    const answer = await door.send('GET', '/v2/_catalog');
    expect(answer.json()).toEqual({ repositories: REPOSITORIES.slice(0, 7) });
    for (const n of [1, 2, 4, 7]) {
      expect(await follow(`/v2/_catalog?n=${n}`, 'repositories', n)).toEqual(REPOSITORIES);
    }
    expect((await door.send('GET', '/v2/_catalog?n=3&last=a/b')).json()).toEqual({
      repositories: REPOSITORIES.filter((name) => name > 'a/b').slice(0, 3),
    });
  });

  it.each(['0', '8', '1000'])('the catalog: n=%s is refused', async (n) => {
    expect((await door.send('GET', `/v2/_catalog?n=${n}`)).codes).toEqual(['PAGINATION_NUMBER_INVALID']);
  });

  it('the catalog needs registry:catalog:*, literally', async () => {
    const guarded = await openFrontDoor({ config: BUILTIN });
    const status = async (actions: readonly string[], name = 'catalog', type = 'registry'): Promise<number> =>
      (await guarded.send('GET', '/v2/_catalog', { token: await guarded.token([{ type, name, actions }]) }))
        .status;
    expect(await status(['*'])).toBe(200);
    expect(await status(['pull', 'push', 'delete'])).toBe(401);
    expect(await status(['*'], 'catalo')).toBe(401);
    expect(await status(['*'], '*')).toBe(401);
    expect(await status(['*'], 'catalog', 'repository')).toBe(401);
    const refused = await guarded.send('GET', '/v2/_catalog');
    expect(refused.headers['www-authenticate']).toContain('scope="registry:catalog:*"');
    await guarded.close();
  });

  it('end-12: more than a page of referrers come with Link, which keeps the filter', async () => {
    const { descriptor: subject } = await pushImage(door, 'many/referrers', 'base');
    const put = async (n: number): Promise<string> => {
      const text = JSON.stringify({
        schemaVersion: 2,
        mediaType: OCI_INDEX,
        artifactType: 'type/a+b',
        manifests: [],
        subject,
        annotations: { n: String(n) },
      });
      await putManifest(door, 'many/referrers', digestOf(text), text);
      return descriptor(text, OCI_INDEX).digest;
    };
    const all: string[] = [];
    for (let from = 0; from < 1_005; from += 67) {
      all.push(...(await Promise.all(Array.from({ length: 67 }, (_, n) => put(from + n)))));
    }
    const found: string[] = [];
    let pages = 0;
    let target: string | undefined =
      `/v2/many/referrers/referrers/${subject.digest}?artifactType=type%2Fa%2Bb`;
    while (target !== undefined) {
      const answer = await door.send('GET', target);
      expect([answer.status, answer.headers['oci-filters-applied']]).toEqual([200, 'artifactType']);
      found.push(...answer.json<{ manifests: { digest: string }[] }>().manifests.map(({ digest }) => digest));
      target = nextOf(answer.headers['link']);
      pages += 1;
    }
    expect(pages).toBeGreaterThan(1);
    expect(found).toEqual(all.toSorted());
  });
});
