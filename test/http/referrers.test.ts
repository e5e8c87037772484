import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FrontDoor, openFrontDoor } from '../support/front-door.ts';
import {
  type Algorithm,
  type Descriptor,
  descriptor,
  digestOf,
  EMPTY_JSON,
  OCI_IMAGE,
  OCI_INDEX,
  pushBlob,
  putManifest,
} from '../support/oci-content.ts';

/** distribution-spec, "Enabling the Referrers API": what clients list under a referrers tag is listed by the API too. */
describe('referrers that clients list under a tag', () => {
  let door: FrontDoor;
  let last = 0;
  beforeAll(async () => {
    door = await openFrontDoor();
  });
  afterAll(() => door.close());

  const newRepository = async (): Promise<string> => {
    last += 1;
    const repository = `referrers/r${last}`;
    await pushBlob(door, repository, '{}');
    return repository;
  };
  const tagOf = (digest: string): string => digest.replace(':', '-').slice(0, 'sha256-'.length + 64);
  /** Pushes an artifact. @returns its descriptor, as a client would write it into the list */
  const pushArtifact = async (
    repository: string,
    artifactType: string,
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<Descriptor> => {
    last += 1;
    const annotations = { 'org.example.number': String(last) };
    const text = JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_IMAGE,
      artifactType,
      config: descriptor('{}', EMPTY_JSON),
      layers: [],
      annotations,
      ...more,
    });
    expect((await putManifest(door, repository, digestOf(text), text)).status).toBe(201);
    return descriptor(text, OCI_IMAGE, { artifactType, annotations });
  };
  const pushList = async (repository: string, digest: string, manifests: readonly Descriptor[]) => {
    const list = { schemaVersion: 2, mediaType: OCI_INDEX, manifests };
    const answer = await putManifest(door, repository, tagOf(digest), list);
    expect(answer.status).toBe(201);
    return answer;
  };
  const list = async (repository: string, digest: string, query = '') => {
    const answer = await door.send('GET', `/v2/${repository}/referrers/${digest}${query}`);
    expect([answer.status, answer.headers['content-type']]).toEqual([200, OCI_INDEX]);
    const { manifests } = answer.json<{ manifests: Descriptor[] }>();
    return { manifests, link: answer.headers['link'], filters: answer.headers['oci-filters-applied'] };
  };
  const inOrder = (descriptors: readonly Descriptor[]) =>
    descriptors.toSorted((a, b) => (a.digest < b.digest ? -1 : 1));

  it.each<Algorithm>(['sha256', 'sha512'])(
    'are listed, with and without a subject, once (%s)',
    async (algorithm) => {
      const repository = await newRepository();
      const digest = digestOf('an image', algorithm);
      const subject = { subject: { mediaType: OCI_IMAGE, digest, size: 8 } };
      const known = await pushArtifact(repository, 'application/a', subject);
      const plain = await pushArtifact(repository, 'application/a');
      const other = await pushArtifact(repository, 'application/b');
      expect((await list(repository, digest)).manifests).toEqual([known]);
      await pushList(repository, digest, [plain, known, other, plain]);
      expect((await list(repository, digest)).manifests).toEqual(inOrder([known, plain, other]));
      const filtered = await list(repository, digest, '?artifactType=application%2Fa');
      expect(filtered).toMatchObject({ manifests: inOrder([known, plain]), filters: 'artifactType' });
      // A list that is written anew, or gone, counts no more.
      await pushList(repository, digest, [other]);
      expect((await list(repository, digest)).manifests).toEqual(inOrder([known, other]));
      expect((await door.send('DELETE', `/v2/${repository}/manifests/${tagOf(digest)}`)).status).toBe(202);
      expect((await list(repository, digest)).manifests).toEqual([known]);
    },
  );

  it('are left out where they have another subject, or are gone', async () => {
    const repository = await newRepository();
    const digest = digestOf('an image');
    const wrong = await pushArtifact(repository, 'application/a', {
      subject: { mediaType: OCI_IMAGE, digest: digestOf('another'), size: 7 },
    });
    const gone = await pushArtifact(repository, 'application/a');
    const here = await pushArtifact(repository, 'application/a');
    await pushList(repository, digest, [wrong, gone, here]);
    await door.send('DELETE', `/v2/${repository}/manifests/${gone.digest}`);
    expect((await list(repository, digest)).manifests).toEqual([here]);
  });

  it('have the artifactType of the manifest, whatever the list says', async () => {
    const repository = await newRepository();
    const digest = digestOf('an image');
    const one = await pushArtifact(repository, 'application/a');
    await pushList(repository, digest, [{ ...one, artifactType: 'application/lie' }]);
    expect((await list(repository, digest)).manifests).toEqual([one]);
    expect((await list(repository, digest, '?artifactType=application/lie')).manifests).toEqual([]);
  });

  it('come in pages together with the others', async () => {
    const repository = await newRepository();
    const digest = digestOf('an image');
    const subject = { subject: { mediaType: OCI_IMAGE, digest, size: 8 } };
    const all: Descriptor[] = [];
    for (let count = 0; count < 130; count += 1) {
      all.push(await pushArtifact(repository, 'application/a', count % 2 === 0 ? subject : {}));
    }
    await pushList(
      repository,
      digest,
      all.filter((_, position) => position % 3 !== 0 || position % 2 === 1),
    );
    const first = await list(repository, digest);
    expect(first.manifests).toHaveLength(100);
    const next = /^<([^>]+)>; rel="next"$/.exec(first.link ?? '')?.[1] ?? '';
    const second = (await door.send('GET', next)).json<{ manifests: Descriptor[] }>().manifests;
    expect([...first.manifests, ...second]).toEqual(inOrder(all));
  });

  it('are none where the tag holds no index', async () => {
    const repository = await newRepository();
    const digest = digestOf('an image');
    const text = JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_IMAGE,
      config: descriptor('{}', EMPTY_JSON),
      layers: [],
    });
    const pushed = await putManifest(door, repository, tagOf(digest), text);
    expect([pushed.status, pushed.headers['warning']]).toEqual([201, undefined]);
    expect((await list(repository, digest)).manifests).toEqual([]);
  });

  describe('Warning', () => {
    it('tells who pushes a referrers tag that it is not needed', async () => {
      const answer = await pushList(await newRepository(), digestOf('an image'), []);
      expect(answer.all('Warning')).toEqual([
        expect.stringMatching(/^299 - "This registry has the referrers API .*\."$/),
      ]);
    });

    it('tells of media types that the specification has given up, once each', async () => {
      const repository = await newRepository();
      const artifact = {
        mediaType: 'application/vnd.oci.artifact.manifest.v1+json',
        artifactType: 'a/b',
        blobs: [],
      };
      const one = await putManifest(door, repository, 'artifact', artifact);
      expect(one.all('Warning')).toEqual([expect.stringMatching(/^299 - "application\/vnd\.oci\.artifact/)]);
      const foreign = (text: string) =>
        descriptor(text, 'application/vnd.oci.image.layer.nondistributable.v1.tar', {
          urls: ['https://a.example/b'],
        });
      const two = await putManifest(door, repository, 'foreign', {
        schemaVersion: 2,
        mediaType: OCI_IMAGE,
        config: descriptor('{}', EMPTY_JSON),
        layers: [foreign('one'), foreign('two')],
      });
      expect(two.all('Warning')).toEqual([
        expect.stringMatching(/^299 - "Non-distributable layers are deprecated/),
      ]);
    });

    it('is not there without a reason', async () => {
      const repository = await newRepository();
      const text = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] };
      expect((await putManifest(door, repository, 'plain', text)).all('Warning')).toEqual([]);
    });
  });
});
