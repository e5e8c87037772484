import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeRoutes } from '../../src/http/v2/routes.ts';
import { type Answer, type FrontDoor, openFrontDoor } from '../support/front-door.ts';
import { digestOf, OCI_IMAGE, type PushedImage, pushImage, startUpload } from '../support/oci-content.ts';

/* `http.prefix`: every route is below it, answers as it does without one, and names no address beside it. */

const PREFIX = '/registry';
const STORAGE = '  delete: {enabled: true}';

/** The same front door, as clients see it that know of the prefix. */
function below(door: FrontDoor, prefix: string): FrontDoor {
  return { ...door, send: (method, target, sent) => door.send(method, `${prefix}${target}`, sent) };
}

/** A request that the route answers, with something to lead on to where it lists. */
function targetOf(path: string, method: string, image: PushedImage, upload: string): string {
  const target = path.replace('<name>', 'a/b');
  if (target.endsWith('/uploads/*')) {
    return method === 'PUT' ? `${upload}?digest=${digestOf('')}` : upload;
  }
  if (target.endsWith('/list') || target.endsWith('/_catalog')) return `${target}?n=1`;
  if (target.endsWith('/tag-history/*')) return `${target.replace('*', 'v1')}?n=1`;
  return target.replace('*', target.includes('/blobs/') ? image.layer : image.digest);
}

/** What of an answer is the same each time. */
function comparable({ status, codes, headers }: Answer): Record<string, unknown> {
  const location = headers['location']?.replace(/\/uploads\/[^/]+$/, '/uploads/<id>');
  const link = headers['link']?.replace(/(?<=[?&]before=)[^&>]+/, '<time>');
  return { status, codes, location, link };
}

/** The same with the prefix taken off, which every address must have. */
function withoutPrefix(answer: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(answer).replaceAll(`${PREFIX}/v2/`, '/v2/')) as Record<string, unknown>;
}

describe('http.prefix', () => {
  let plain: FrontDoor;
  let prefixed: FrontDoor;
  beforeAll(async () => {
    plain = await openFrontDoor({ storage: STORAGE });
    prefixed = await openFrontDoor({
      storage: STORAGE,
      config: `http: {addr: ":5000", prefix: ${PREFIX}/}`,
    });
  });
  afterAll(async () => {
    await plain.close();
    await prefixed.close();
  });

  async function ask(door: FrontDoor, prefix: string, method: string, path: string): Promise<Answer> {
    const client = below(door, prefix);
    await pushImage(client, 'c/d', 'v1');
    const image = await pushImage(client, 'a/b', 'v1');
    await pushImage(client, 'a/b', 'v2');
    const upload = (await startUpload(client, 'a/b')).slice(prefix.length);
    const target = targetOf(path, method, image, upload);
    const isManifest = method === 'PUT' && path.endsWith('/manifests/*');
    const sent = isManifest ? { body: image.text, headers: { 'content-type': OCI_IMAGE } } : {};
    if (prefix !== '')
      expect([target, (await door.send(method, target, sent)).status]).toEqual([target, 404]);
    return client.send(method, target, sent);
  }

  it.each(describeRoutes().map(({ method, path }) => [method, path] as const))(
    '%s %s answers as without it',
    async (method, path) => {
      const expected = comparable(await ask(plain, '', method, path));
      const answer = comparable(await ask(prefixed, PREFIX, method, path));
      for (const address of [answer['location'], answer['link']]) {
        if (address !== undefined) expect(address).toMatch(/^<?\/registry\/v2\//);
      }
      expect(withoutPrefix(answer)).toEqual(JSON.parse(JSON.stringify(expected)));
    },
  );
});
