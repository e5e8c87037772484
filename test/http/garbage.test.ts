import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectGarbage } from '../../src/lifecycle/collect/collect-garbage.ts';
import { FULL_SPEED } from '../../src/lifecycle/collect/pace.ts';
import { oldBeforeMs } from '../../src/lifecycle/collect/rule.ts';
import { HELD_EARLIER_MS } from '../../src/registry/blobs.ts';
import { StoppedClock } from '../support/clock.ts';
import { type FrontDoor, openFrontDoor } from '../support/front-door.ts';
import {
  descriptor,
  EMPTY_JSON,
  OCI_IMAGE,
  OCI_INDEX,
  type PushedImage,
  pushBlob,
  pushImage,
  putManifest,
} from '../support/oci-content.ts';

/* What clients see of garbage collection beside a registry that answers. */

const HOUR = 3_600_000;

describe('garbage collection', () => {
  let door: FrontDoor;
  const clock = new StoppedClock();
  beforeAll(async () => {
    door = await openFrontDoor({ clock });
  });
  afterAll(() => door.close());

  const collect = (untaggedManifests = false, dryRun = false) => {
    const beforeMs = oldBeforeMs({ nowMs: clock.now(), graceMs: HOUR });
    const rule = { beforeMs, keptSinceMs: undefined, untaggedManifests };
    const cause = { kind: 'collection', actor: '', rule: 'a test' } as const;
    const options = { rule, cause, clock, dryRun, removesOriginals: true, pace: FULL_SPEED };
    return collectGarbage(door.state, options);
  };

  const statusOf = async (target: string): Promise<number> => (await door.send('GET', target)).status;

  const pulls = async (repository: string, image: PushedImage, reference = image.digest): Promise<void> => {
    const answer = await door.send('GET', `/v2/${repository}/manifests/${reference}`);
    expect(answer.text).toBe(image.text);
    for (const digest of [image.config, image.layer]) {
      expect(await statusOf(`/v2/${repository}/blobs/${digest}`), digest).toBe(200);
    }
  };

  it('push, delete, collect, push again, pull: again and again (distribution #1803, #3743, #4569)', async () => {
    for (let round = 0; round < 3; round += 1) {
      const image = await pushImage(door, 'again', 'v1', { seed: 1 });
      await pulls('again', image, 'v1');
      clock.advance(2 * HOUR);
      await door.send('DELETE', `/v2/again/manifests/${image.digest}`);
      clock.advance(2 * HOUR);
      expect(await collect()).toMatchObject({ links: 2, blobs: 2 });
      for (const digest of [image.config, image.layer]) {
        expect(await statusOf(`/v2/again/blobs/${digest}`)).toBe(404);
        expect((await door.send('HEAD', `/v2/again/blobs/${digest}`)).status).toBe(404);
      }
      expect(await door.state.index.blobs.discarded(1)).toEqual([]);
    }
  });

  it('keeps what a push under way has sent, until an hour has gone by', async () => {
    const layer = await pushBlob(door, 'slow', 'a layer');
    clock.advance(HOUR + HELD_EARLIER_MS);
    await collect(true);
    expect(await statusOf(`/v2/slow/blobs/${layer}`)).toBe(200);
    clock.advance(1);
    await collect(true);
    expect(await statusOf(`/v2/slow/blobs/${layer}`)).toBe(404);
  });

  it('keeps for an hour what a client that asked heard to be there', async () => {
    const image = await pushImage(door, 'late', 'v1', { seed: 2 });
    await door.send('DELETE', `/v2/late/manifests/${image.digest}`);
    clock.advance(2 * HOUR);
    for (const digest of [image.layer, image.config]) {
      expect((await door.send('HEAD', `/v2/late/blobs/${digest}`)).status).toBe(200);
    }
    // An answer from memory is a promise like any other.
    clock.advance(4_999);
    for (const digest of [image.layer, image.config]) {
      expect((await door.send('HEAD', `/v2/late/blobs/${digest}`)).status).toBe(200);
    }
    clock.advance(HOUR);
    await collect();
    expect((await putManifest(door, 'late', 'v1', image.text)).status).toBe(201);
    await pulls('late', image, 'v1');
  });

  it('keeps for an hour what was deleted after somebody asked for it', async () => {
    const image = await pushImage(door, 'deleted', 'v1', { seed: 4 });
    clock.advance(2 * HOUR);
    expect((await door.send('HEAD', `/v2/deleted/blobs/${image.layer}`)).status).toBe(200);
    await door.send('DELETE', `/v2/deleted/manifests/${image.digest}`);
    clock.advance(HOUR);
    await collect(true);
    expect((await putManifest(door, 'deleted', 'v1', image.text)).status).toBe(201);
  });

  it('keeps for an hour a manifest that somebody wants to list', async () => {
    const image = await pushImage(door, 'listed', 'v1', { seed: 5 });
    await door.send('DELETE', '/v2/listed/manifests/v1');
    clock.advance(2 * HOUR);
    for (const passedMs of [0, 4_999]) {
      clock.advance(passedMs);
      expect((await door.send('HEAD', `/v2/listed/manifests/${image.digest}`)).status).toBe(200);
    }
    clock.advance(HOUR);
    await collect(true);
    const listing = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [image.descriptor] };
    expect((await putManifest(door, 'listed', 'v2', listing)).status).toBe(201);
  });

  it('keeps a blob for as long as any repository needs it', async () => {
    const image = await pushImage(door, 'first', 'v1', { seed: 3 });
    for (const digest of [image.config, image.layer]) {
      const target = `/v2/second/blobs/uploads/?mount=${digest}&from=first`;
      expect((await door.send('POST', target)).status).toBe(201);
    }
    await putManifest(door, 'second', 'v1', image.text);
    clock.advance(2 * HOUR);
    await door.send('DELETE', `/v2/first/manifests/${image.digest}`);
    clock.advance(2 * HOUR);
    expect(await collect()).toMatchObject({ links: 2, blobs: 0, freedBytes: 0 });
    await pulls('second', image);
  });

  describe('with untagged manifests', () => {
    const attach = (subject: PushedImage, tag: string) => {
      const empty = descriptor('{}', EMPTY_JSON);
      const signature = { schemaVersion: 2, mediaType: OCI_IMAGE, config: empty, layers: [empty] };
      return putManifest(door, 'images', tag, { ...signature, subject: subject.descriptor });
    };

    it('takes what nothing keeps, and leaves children, signatures and signatures of children', async () => {
      await pushBlob(door, 'images', '{}');
      const images: PushedImage[] = [];
      for (const seed of [10, 11, 12]) images.push(await pushImage(door, 'images', 'moving', { seed }));
      const [first, second, last] = images as [PushedImage, PushedImage, PushedImage];
      const children = [first.descriptor];
      const listing = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: children };
      expect((await putManifest(door, 'images', 'multi', listing)).status).toBe(201);
      const digests: string[] = [];
      for (const subject of images) {
        const signed = await attach(subject, 'signature');
        digests.push(signed.headers['docker-content-digest'] ?? '');
      }
      await door.send('DELETE', '/v2/images/manifests/signature');
      clock.advance(2 * HOUR);

      const planned = await collect(true, true);
      for (const image of images) await pulls('images', image);
      const done = await collect(true);
      expect(done).toEqual(planned);
      expect(done).toMatchObject({ manifests: 2, blobs: 2 });

      await pulls('images', first);
      await pulls('images', last, 'moving');
      expect(await statusOf(`/v2/images/manifests/${second.digest}`)).toBe(404);
      expect(await statusOf(`/v2/images/blobs/${second.layer}`)).toBe(404);
      const statuses = await Promise.all(digests.map((digest) => statusOf(`/v2/images/manifests/${digest}`)));
      expect(statuses).toEqual([200, 404, 200]);
    });
  });
});
