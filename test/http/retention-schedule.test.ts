import { afterEach, describe, expect, it } from 'vitest';
import { StoppedClock } from '../support/clock.ts';
import { type FrontDoor, openFrontDoor } from '../support/front-door.ts';
import { pushImage } from '../support/oci-content.ts';

/* Rules of retention in the background of a registry that answers. */

const DAY = 86_400_000;
const REPOSITORIES = 'repositories: [{match: "ci/**", retention: {keeplast: 1}}]';

describe('a registry with rules', () => {
  let door: FrontDoor;
  const clock = new StoppedClock();
  afterEach(() => door.close());

  const open = async (maintenance: string, config = REPOSITORIES): Promise<void> => {
    const storage = `  maintenance: {${maintenance}}`;
    door = await openFrontDoor({ clock, config, storage });
    for (const [seed, tag] of ['a', 'b'].entries()) {
      for (const repository of ['ci/app', 'prod/app']) {
        if (maintenance.includes('readonly')) continue;
        await pushImage(door, repository, tag, { seed });
      }
      clock.advance(DAY);
    }
  };
  const tagsOf = async (repository: string): Promise<string[]> =>
    (await door.send('GET', `/v2/${repository}/tags/list`)).json<{ tags: string[] }>().tags;
  const lease = () => door.state.index.leases.find('retention');

  it('removes tags an interval after it first saw them, and then again', { timeout: 30_000 }, async () => {
    await open('retention: {interval: 1s}');
    door.startJobs();
    await expect.poll(async () => (await lease())?.finishedAtMs).toBe(clock.now());
    expect(await tagsOf('ci/app')).toEqual(['a', 'b']);
    const said = door.log.lines.filter(({ message }) => message.includes('by rules of retention'));
    expect(said).toMatchObject([{ level: 'info', fields: { firstAt: expect.any(String) } }]);
    clock.advance(1_000);
    await expect.poll(() => tagsOf('ci/app'), { timeout: 10_000 }).toEqual(['b']);
    expect(await tagsOf('prod/app')).toEqual(['a', 'b']);
    await pushImage(door, 'ci/app', 'c', { seed: 3 });
    clock.advance(DAY);
    await expect.poll(() => tagsOf('ci/app'), { timeout: 10_000 }).toEqual(['c']);
  });

  it.each([
    ['it is switched off', 'retention: {enabled: false, interval: 1s}', REPOSITORIES],
    ['the registry is read-only', 'readonly: {enabled: true}, retention: {interval: 1s}', REPOSITORIES],
    ['no entry has rules', 'retention: {interval: 1s}', 'repositories: [{match: "**", quota: {maxtags: 9}}]'],
  ])('does nothing where %s', async (_, maintenance, config) => {
    await open(maintenance, config);
    door.startJobs();
    // Jobs that run at the start have run when one of them has: they begin in the same turn.
    await expect
      .poll(async () => (await door.state.index.leases.find('garbage-collect')) !== undefined)
      .toBe(true);
    expect(await lease()).toBeUndefined();
  });
});
