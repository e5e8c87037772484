import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseRegistryConfig } from '../../src/config/distribution.ts';
import { collectGarbage } from '../../src/lifecycle/collect/collect-garbage.ts';
import { FULL_SPEED } from '../../src/lifecycle/collect/pace.ts';
import { garbageRule } from '../../src/lifecycle/collect/rule.ts';
import { forecastRetention } from '../../src/lifecycle/retention/forecast.ts';
import { retain } from '../../src/lifecycle/retention/retain.ts';
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

/* What clients see of rules of retention, beside a registry that answers. */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('retention', () => {
  let door: FrontDoor;
  const clock = new StoppedClock();
  beforeEach(async () => {
    door = await openFrontDoor({ clock });
  });
  afterEach(() => door.close());

  const rulesOf = (yaml: string) =>
    parseRegistryConfig(
      `version: 0.1\nstorage: filesystem\nhttp: {addr: ":5000"}\nrepositories:\n${yaml}`,
      'config.yml',
      {},
    ).config.repositories;

  const run = (yaml: string) =>
    retain({ index: door.state.index, clock }, { rules: rulesOf(yaml), graceMs: HOUR, pace: FULL_SPEED });

  const tagsOf = async (repository: string): Promise<string[]> =>
    (await door.send('GET', `/v2/${repository}/tags/list`)).json<{ tags: string[] }>().tags;

  const status = async (repository: string, reference: string): Promise<number> =>
    (await door.send('GET', `/v2/${repository}/manifests/${reference}`)).status;

  const attach = async (repository: string, subject: PushedImage): Promise<string> => {
    await pushBlob(door, repository, '{}');
    const empty = descriptor('{}', EMPTY_JSON);
    const signature = { schemaVersion: 2, mediaType: OCI_IMAGE, config: empty, layers: [empty] };
    const answer = await putManifest(door, repository, `sig-${subject.digest.slice(7, 17)}`, {
      ...{ ...signature, subject: subject.descriptor },
    });
    const digest = answer.headers['docker-content-digest'] ?? '';
    await door.send('DELETE', `/v2/${repository}/manifests/sig-${subject.digest.slice(7, 17)}`);
    return digest;
  };

  it('applies to tags that were there before the rules, and only where they fit', async () => {
    for (const repository of ['ci/app', 'ci', 'ci/deep/app', 'other']) {
      for (const seed of [1, 2, 3]) {
        await pushImage(door, repository, `v${seed}`, { seed });
        clock.advance(DAY);
      }
    }
    expect(await run('  - {match: "ci/*", retention: {keeplast: 1}}')).toEqual({
      ...{ repositories: 1, tags: 2, manifests: 2 },
    });
    expect(await tagsOf('ci/app')).toEqual(['v3']);
    for (const untouched of ['ci', 'ci/deep/app', 'other']) {
      expect(await tagsOf(untouched)).toEqual(['v1', 'v2', 'v3']);
    }
    const rules =
      '  - {match: ci/deep/**, retention: {keepall: true}}\n  - {match: "**", retention: {keeplast: 2}}';
    await run(rules);
    expect(await tagsOf('ci/deep/app')).toEqual(['v1', 'v2', 'v3']);
    expect(await tagsOf('other')).toEqual(['v2', 'v3']);
  });

  it('never takes a tag with another that shares its digest (harbor #8717)', async () => {
    const image = await pushImage(door, 'app', 'pr-1');
    await putManifest(door, 'app', 'release', image.text);
    clock.advance(DAY);
    expect(await run('  - {match: app, retention: {keepmatching: release}}')).toMatchObject({ tags: 1 });
    expect(await tagsOf('app')).toEqual(['release']);
    for (const reference of ['release', image.digest]) expect(await status('app', reference)).toBe(200);
    expect(await status('app', 'pr-1')).toBe(404);
  });

  it('leaves the children of an index that stays, and takes those of one that goes (harbor #11273)', async () => {
    const push = async (tag: string, seeds: readonly number[]) => {
      const children: PushedImage[] = [];
      for (const seed of seeds) children.push(await pushImage(door, 'multi', 'arch', { seed }));
      await door.send('DELETE', '/v2/multi/manifests/arch');
      const manifests = children.map((child) => child.descriptor);
      await putManifest(door, 'multi', tag, { schemaVersion: 2, mediaType: OCI_INDEX, manifests });
      clock.advance(2 * HOUR);
      return children;
    };
    const old = await push('v1', [1, 2]);
    const signature = await attach('multi', old[0] as PushedImage);
    const recent = await push('v2', [2, 3]);
    clock.advance(DAY);
    // v1, its first child and that one's signature; the second is in v2, too.
    expect(await run('  - {match: multi, retention: {keeplast: 1}}')).toMatchObject({
      ...{ tags: 1, manifests: 3 },
    });
    for (const { digest } of recent) expect(await status('multi', digest)).toBe(200);
    expect(await status('multi', old[0]?.digest ?? '')).toBe(404);
    expect(await status('multi', signature)).toBe(404);
  });

  it('keeps the signatures of what stays, with and without the referrers API', async () => {
    const image = await pushImage(door, 'app', 'v1', { seed: 1 });
    const signature = await attach('app', image);
    clock.advance(DAY);
    const cosign = `${image.digest.replace(':', '-')}.sig`;
    await pushImage(door, 'app', cosign, { seed: 2 });
    clock.advance(DAY);
    const rules = '  - {match: app, retention: {keeplast: 1}}';
    expect(await run(rules)).toMatchObject({ tags: 0, manifests: 0 });
    expect(await status('app', signature)).toBe(200);
    await pushImage(door, 'app', 'v2', { seed: 3 });
    clock.advance(DAY);
    expect(await run(rules)).toMatchObject({ tags: 2, manifests: 3 });
    expect(await tagsOf('app')).toEqual(['v2']);
  });

  it('keeps what is pulled, by tag, by digest or by the digest of one platform', async () => {
    const images: PushedImage[] = [];
    for (const seed of [1, 2, 3, 4]) images.push(await pushImage(door, 'app', `v${seed}`, { seed }));
    const manifests = [images[3]?.descriptor];
    await putManifest(door, 'app', 'multi', { schemaVersion: 2, mediaType: OCI_INDEX, manifests });
    clock.advance(30 * DAY);
    await status('app', 'v1');
    await status('app', images[1]?.digest ?? '');
    await status('app', images[3]?.digest ?? '');
    await door.send('HEAD', '/v2/app/manifests/v3');
    // What was counted is recorded within seconds.
    door.startJobs();
    const pulled = async () => (await door.state.index.retention.tags('app' as never, PAGE)).length;
    const since = await door.state.index.pulls.countedSinceMs();
    expect(since).toBeLessThan(clock.now());
    await expect
      .poll(async () =>
        (await door.state.index.pulls.tags('app' as never, PAGE)).some(({ pulls }) => pulls > 0),
      )
      .toBe(true);
    expect(await pulled()).toBe(5);
    await run('  - {match: app, retention: {keeppulledwithin: 336h}}');
    expect(await tagsOf('app')).toEqual(['multi', 'v1', 'v2', 'v4']);
  });

  it('is in the history, and can be undone with its bytes', async () => {
    const image = await pushImage(door, 'app', 'v1');
    clock.advance(DAY);
    await run('  - {match: app, retention: {keepmatching: none}}');
    const history = await door.send('GET', '/v2/app/_oci/tag-history/v1');
    expect(history.text).toContain('"deleted"');
    const removals = await door.state.index.journal.list({}, { before: undefined, limit: 10 });
    expect(removals.map(({ kind, cause }) => [kind, cause])).toEqual(
      ['manifest', 'tag'].map((kind) => [
        kind,
        { kind: 'retention', actor: 'retention', rule: 'app: fitted by none of none' },
      ]),
    );
    clock.advance(2 * HOUR);
    await collect(7 * DAY);
    await door.state.index.trash.restore({
      ...{ repository: 'app' as never, wanted: { tag: 'v1' as never }, keptSinceMs: 0, moveTags: false },
      ...{ withTags: true, actor: 'admin', atMs: clock.now() },
    });
    expect(await status('app', 'v1')).toBe(200);
    for (const blob of [image.config, image.layer]) {
      expect((await door.send('GET', `/v2/app/blobs/${blob}`)).status).toBe(200);
    }
  });

  it('keeps what a push under way was told is there, for the whole grace time', async () => {
    const rules = '  - {match: "**", retention: {keepmatching: "v*"}}';
    await door.close();
    door = await openFrontDoor({ clock, config: `repositories:\n${rules}` });
    const child = await pushImage(door, 'app', 'child', { seed: 1 });
    const listing = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [child.descriptor] };
    expect((await putManifest(door, 'app', 'list', listing)).status).toBe(201);
    await door.send('DELETE', '/v2/app/manifests/child');
    clock.advance(DAY);
    expect((await door.send('HEAD', `/v2/app/manifests/${child.digest}`)).status).toBe(200);
    clock.advance(4_000);
    // What was remembered of the answer before is still an answer.
    expect((await door.send('HEAD', `/v2/app/manifests/${child.digest}`)).status).toBe(200);
    clock.advance(HOUR);
    expect(await run(rules)).toMatchObject({ tags: 0, manifests: 0 });
    const annotated = { ...listing, annotations: { a: 'b' } };
    expect((await putManifest(door, 'app', 'v2', annotated)).status).toBe(201);
    clock.advance(DAY);
    expect(await run(rules)).toMatchObject({ tags: 1, manifests: 1 });
    expect(await status('app', child.digest)).toBe(200);
  });

  const collect = (keepDeletedMs: number) =>
    collectGarbage(door.state, {
      rule: garbageRule({ nowMs: clock.now(), graceMs: HOUR, untagged: false, keepDeletedMs }),
      cause: { kind: 'collection', actor: '', rule: 'a test' },
      ...{ clock, dryRun: false, removesOriginals: true, pace: FULL_SPEED },
    });

  it('promises in a dry run what it and a collection free, blobs of several repositories once', async () => {
    const shared = await pushImage(door, 'ci/app', 'old', { seed: 1 });
    await pushImage(door, 'ci/copy', 'old', { seed: 1 });
    await pushImage(door, 'ci/app', 'base', { seed: 2 });
    await pushImage(door, 'prod/app', 'base', { seed: 2 });
    await pushImage(door, 'ci/app', 'v1', { seed: 3 });
    clock.advance(DAY);
    const rules = rulesOf('  - {match: "ci/**", retention: {keepmatching: "v*"}}');
    const { index } = door.state;
    const forecast = await forecastRetention(index, rules, { nowMs: clock.now(), graceMs: HOUR });
    expect(forecast).toMatchObject({ removedTags: 3, removedManifests: 3, keptTags: 1 });
    const rows = forecast.repositories.flatMap(({ repository, tags }) =>
      tags.map(({ facts, isKept, freedBytes }) => [`${repository}:${facts.tag}`, isKept, freedBytes]),
    );
    expect(shared.text).toContain('"size":2000');
    expect(rows).toEqual([
      ['ci/app:base', false, 0],
      ['ci/app:old', false, 0],
      ['ci/app:v1', true, 0],
      ['ci/copy:old', false, forecast.freedBytes],
    ]);
    expect(forecast.freedBytes).toBeGreaterThan(2_000);
    // Nothing was changed.
    expect(await tagsOf('ci/app')).toEqual(['base', 'old', 'v1']);

    await retain({ index, clock }, { rules, graceMs: HOUR, pace: FULL_SPEED });
    clock.advance(2 * HOUR);
    expect((await collect(0)).freedBytes).toBe(forecast.freedBytes);
    expect(await status('prod/app', 'base')).toBe(200);
  });

  it('replays rules over what was, and names what would have been missed', async () => {
    for (const [seed, tag] of ['a', 'b', 'c'].entries()) {
      await pushImage(door, 'app', tag, { seed });
      clock.advance(DAY);
    }
    const thenMs = clock.now();
    clock.advance(DAY);
    for (const reference of ['a', 'c']) await status('app', reference);
    await pushImage(door, 'app', 'd', { seed: 9 });
    await door.send('DELETE', '/v2/app/manifests/b');
    door.startJobs();
    const { index } = door.state;
    const rules = rulesOf('  - {match: app, retention: {keeplast: 1}}');
    const replay = () => forecastRetention(index, rules, { nowMs: thenMs, graceMs: HOUR, isPast: true });
    // Pulls are recorded a moment later.
    await expect.poll(async () => (await replay()).missedTags).toBe(1);
    const { repositories, ...totals } = await replay();
    expect(totals).toMatchObject({ removedTags: 2, keptTags: 1, missedTags: 1 });
    const tags = repositories[0]?.tags.map(({ facts, isKept }) => [facts.tag, isKept, facts.since]);
    expect(tags).toEqual([
      ['a', false, { isUnmoved: true, pulledAtMs: thenMs + DAY }],
      ['b', false, { isUnmoved: false, pulledAtMs: undefined }],
      ['c', true, { isUnmoved: true, pulledAtMs: thenMs + DAY }],
    ]);
  });

  it('keeps immutable tags, unless it is told otherwise', async () => {
    await pushImage(door, 'app', 'v1', { seed: 1 });
    await pushImage(door, 'app', 'x', { seed: 2 });
    clock.advance(DAY);
    const immutable = '  - {match: "**", immutabletags: "v*"}\n';
    await run(`${immutable}  - {match: app, retention: {keepmatching: latest}}`);
    expect(await tagsOf('app')).toEqual(['v1']);
    await run(`${immutable}  - {match: app, retention: {keepmatching: latest, removeimmutabletags: true}}`);
    expect(await tagsOf('app')).toEqual([]);
  });
});

const PAGE = { after: undefined, limit: 100 };
