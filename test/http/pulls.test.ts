import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseRepositoryName } from '../../src/oci/reference.ts';
import { StoppedClock } from '../support/clock.ts';
import { newFolder, removeFolder } from '../support/folders.ts';
import { type FrontDoor, openFrontDoor } from '../support/front-door.ts';
import { OCI_INDEX, pushImage, putManifest } from '../support/oci-content.ts';

/* What counts as a pull. */

const REPOSITORY = parseRepositoryName('team/app');
const PAGE = { after: undefined, limit: 100 };

describe('pulls are counted', () => {
  let door: FrontDoor;
  let folder: string;
  const clock = new StoppedClock();
  beforeEach(async () => {
    folder = await newFolder();
    door = await openFrontDoor({ clock, folder });
  });
  afterEach(async () => {
    await door.close();
    await removeFolder(folder);
  });

  /** The registry ends as at a signal, and starts again: a clean end loses nothing. */
  const restart = async (): Promise<void> => {
    await door.close();
    door = await openFrontDoor({ clock, folder });
  };

  const get = (reference: string, method = 'GET', headers: Record<string, string> = {}) =>
    door.send(method, `/v2/team/app/manifests/${reference}`, { headers });

  const counts = async (): Promise<Record<string, number>> => {
    const { pulls } = door.state.index;
    const tags = await pulls.tags(REPOSITORY, PAGE);
    const manifests = await pulls.manifests(REPOSITORY, PAGE);
    return Object.fromEntries([
      ...tags.map((one) => [one.tag, one.pulls]),
      ...manifests.map((one) => [one.digest, one.pulls]),
    ]);
  };

  it('by GET, of a tag for it and its manifest, of a digest for the manifest; not by HEAD', async () => {
    const image = await pushImage(door, 'team/app', 'v1');
    for (const reference of ['v1', image.digest]) {
      expect((await get(reference, 'HEAD')).status).toBe(200);
      expect((await get(reference)).status).toBe(200);
    }
    expect((await get('v1', 'GET', { 'if-none-match': `"${image.digest}"` })).status).toBe(304);
    expect((await get('v2')).status).toBe(404);
    expect((await door.send('GET', `/v2/team/app/blobs/${image.layer}`)).status).toBe(200);
    // Recorded together, not one by one.
    expect(await counts()).toEqual({ v1: 0, [image.digest]: 0 });
    await restart();
    expect(await counts()).toEqual({ v1: 1, [image.digest]: 2 });
  });

  it('of the manifests that an index lists for themselves', async () => {
    const child = await pushImage(door, 'team/app', 'v1');
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [child.descriptor] };
    const digest = (await putManifest(door, 'team/app', 'multi', index)).headers['docker-content-digest'];
    await get('multi');
    await get(child.digest);
    await restart();
    expect(await counts()).toEqual({ v1: 0, multi: 1, [child.digest]: 1, [String(digest)]: 1 });
  });

  it('with the time of the last one', async () => {
    await pushImage(door, 'team/app', 'v1');
    await get('v1');
    clock.advance(5_000);
    await get('v1');
    await restart();
    clock.advance(5_000);
    const [v1] = await door.state.index.pulls.tags(REPOSITORY, PAGE);
    expect(v1).toMatchObject({ pulls: 2, lastAtMs: clock.now() - 5_000 });
  });
});
