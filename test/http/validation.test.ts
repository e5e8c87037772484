import { afterAll, describe, expect, it } from 'vitest';
import { type FrontDoor, openFrontDoor } from '../support/front-door.ts';
import {
  DOCKER_IMAGE,
  descriptor,
  digestOf,
  OCI_CONFIG,
  OCI_IMAGE,
  OCI_INDEX,
  OCI_LAYER,
  pushBlob,
  pushImage,
  putManifest,
} from '../support/oci-content.ts';

/** What pushed manifests must fulfil, by the section `validation` of the configuration. */

const REPOSITORY = 'validation/app';
const doors = new Map<string, Promise<FrontDoor>>();
afterAll(async () => {
  for (const door of doors.values()) await (await door).close();
});

/** A registry with this section, the same for all tests that name the same. */
function withValidation(section: string): Promise<FrontDoor> {
  const found = doors.get(section) ?? openFrontDoor({ config: `validation: ${section}` });
  doors.set(section, found);
  return found;
}

const child = (platform?: { architecture: string; os: string }) => ({
  mediaType: OCI_IMAGE,
  digest: digestOf(JSON.stringify(platform ?? 'none')),
  size: 10,
  ...(platform && { platform }),
});
const AMD64 = child({ architecture: 'amd64', os: 'linux' });
const ARM64 = child({ architecture: 'arm64', os: 'linux' });
const WINDOWS = child({ architecture: 'amd64', os: 'windows' });
const NO_PLATFORM = child();

describe('children of an index that are not there', () => {
  const LIST = '{platforms: list, platformlist: [{architecture: amd64, os: linux}]}';
  it.each<[string, ReturnType<typeof child>[], number]>([
    ['{manifests: {indexes: {platforms: all}}}', [AMD64], 400],
    ['{disabled: false}', [AMD64], 400],
    ['{manifests: {indexes: {platforms: none}}}', [AMD64, ARM64, NO_PLATFORM], 201],
    ['{disabled: true}', [AMD64, ARM64], 201],
    [`{manifests: {indexes: ${LIST}}}`, [ARM64, WINDOWS, NO_PLATFORM], 201],
    [`{manifests: {indexes: ${LIST}}}`, [ARM64, AMD64], 400],
  ])('%s', async (section, manifests, status) => {
    const door = await withValidation(section);
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests };
    const answer = await putManifest(door, REPOSITORY, 'index', index);
    expect([answer.status, answer.codes?.[0]]).toEqual([
      status,
      status === 400 ? 'MANIFEST_BLOB_UNKNOWN' : undefined,
    ]);
    if (status === 400) expect(answer.text).toContain(AMD64.digest);
  });

  it('that come later make the index whole', async () => {
    const door = await withValidation('{manifests: {indexes: {platforms: none}}}');
    const config = descriptor('{"late":true}', OCI_CONFIG);
    const text = JSON.stringify({ schemaVersion: 2, mediaType: OCI_IMAGE, config, layers: [] });
    const late = descriptor(text, OCI_IMAGE);
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [late] };
    expect((await putManifest(door, REPOSITORY, 'late', index)).status).toBe(201);
    const target = `/v2/${REPOSITORY}/manifests/${late.digest}`;
    expect((await door.send('GET', target)).status).toBe(404);
    await pushBlob(door, REPOSITORY, '{"late":true}');
    expect((await putManifest(door, REPOSITORY, late.digest, text)).status).toBe(201);
    expect((await door.send('GET', target)).text).toBe(text);
  });
});

describe('config and layers that are not there', () => {
  const image = {
    schemaVersion: 2,
    mediaType: OCI_IMAGE,
    config: descriptor('nobody has this', OCI_CONFIG),
    layers: [descriptor('nor this', OCI_LAYER)],
  };
  it.each([
    ['{manifests: {blobs: none}}', 201],
    ['{manifests: {blobs: all}}', 400],
    ['{disabled: true}', 400],
  ])('%s: %i', async (section, status) => {
    const door = await withValidation(section);
    expect((await putManifest(door, REPOSITORY, 'sparse', image)).status).toBe(status);
  });
});

describe('addresses of layers', () => {
  const URLS = `{manifests: {urls: {allow: ['^https?://([^/]+\\.)*example\\.com/'], deny: ['^https?://www\\.example\\.com/']}}}`;
  it.each<[string, string, number]>([
    // Unlike distribution, which refuses every address unless some are allowed.
    ['{disabled: false}', 'https://anywhere.example.org/layer', 201],
    ['{disabled: true}', 'https://anywhere.example.org/layer', 201],
    ['{disabled: false}', 'ftp://store.example.com/layer', 400],
    ['{disabled: false}', 'file:///etc/passwd', 400],
    ['{disabled: false}', 'not an address', 400],
    ['{disabled: false}', 'https://store.example.com/layer#fragment', 400],
    [URLS, 'https://store.example.com/layer', 201],
    [URLS, 'https://store.example.org/layer', 400],
    [URLS, 'https://www.example.com/layer', 400],
    [`{manifests: {urls: {deny: ['evil']}}}`, 'https://good.example.org/', 201],
    [`{manifests: {urls: {deny: ['evil']}}}`, 'https://evil.example.org/', 400],
    [`{manifests: {urls: {allow: ['^$']}}}`, 'https://store.example.com/layer', 400],
  ])('%s takes %s: %i', async (section, url, status) => {
    const door = await withValidation(section);
    const { layer, text } = await pushImage(door, REPOSITORY, 'v1');
    const parsed = JSON.parse(text) as { layers: { digest: string }[] };
    const foreign = descriptor('elsewhere', 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', {
      urls: [url],
    });
    for (const layers of [[foreign], parsed.layers.map((entry) => ({ ...entry, urls: [url] }))]) {
      const answer = await putManifest(door, REPOSITORY, 'with-urls', { ...parsed, layers });
      expect([answer.status, answer.codes]).toEqual([
        status,
        status === 400 ? ['MANIFEST_INVALID'] : undefined,
      ]);
    }
    expect(parsed.layers[0]?.digest).toBe(layer);
  });
});

describe('Docker schema 1', () => {
  const document = {
    schemaVersion: 1,
    name: 'a/b',
    tag: 'old',
    architecture: 'amd64',
    fsLayers: [],
    history: [],
  };
  const PLAIN = 'application/vnd.docker.distribution.manifest.v1+json';
  const SIGNED = 'application/vnd.docker.distribution.manifest.v1+prettyjws';
  it.each<[string, string | undefined, object]>([
    ['the plain type', PLAIN, document],
    [
      'the signed type',
      SIGNED,
      { ...document, signatures: [{ header: {}, signature: 'x', protected: 'x' }] },
    ],
    ['the type in capitals', SIGNED.toUpperCase(), document],
    ['the type with parameters', `${PLAIN}; charset=utf-8`, document],
    ['application/json', 'application/json', document],
    ['no type', undefined, document],
    ['the type of schema 2', DOCKER_IMAGE, document],
    ['its type inside', 'application/json', { ...document, mediaType: SIGNED }],
    ['its type, whatever is inside', PLAIN, { schemaVersion: 2 }],
  ])('under %s is refused with what to do', async (_, type, body) => {
    const door = await withValidation('{disabled: true}');
    const answer = await door.send('PUT', `/v2/${REPOSITORY}/manifests/old`, {
      body: JSON.stringify(body),
      headers: { 'content-type': type },
    });
    expect([answer.status, answer.codes]).toEqual([400, ['MANIFEST_INVALID']]);
    expect(answer.json()).toMatchObject({
      errors: [
        {
          message: expect.stringMatching(
            /Docker schema 1.*pull the image with a current docker.*push it again/,
          ),
        },
      ],
    });
  });
});
