import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from '../support/berth-process.ts';
import { OCI_INDEX } from '../support/oci-content.ts';

interface Statistics {
  readonly tags: readonly { readonly tag: string; readonly pulls: number; readonly lastPulled: string }[];
  readonly manifests: readonly { readonly digest: string; readonly pulls: number }[];
}

describe('berth stats', () => {
  let place: Workplace;
  beforeAll(() => {
    place = new Workplace();
  });
  afterAll(() => place.clear());

  const env = { REGISTRY_AUTH: 'none' };

  const push = async (url: string, tag: string): Promise<void> => {
    const body = JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] });
    const headers = { 'content-type': OCI_INDEX };
    const answer = await fetch(`${url}/v2/team/app/manifests/${tag}`, { method: 'PUT', body, headers });
    expect(answer.status).toBe(201);
  };

  const pull = async (url: string, times: number): Promise<void> => {
    for (let time = 0; time < times; time += 1) {
      const answer = await fetch(`${url}/v2/team/app/manifests/v1`);
      expect(answer.status).toBe(200);
      await answer.arrayBuffer();
    }
  };

  const statistics = async (): Promise<Statistics> => {
    const { stdout, code } = await place.run(['stats', 'team/app', '--json'], { env });
    expect(code).toBe(0);
    return JSON.parse(stdout) as Statistics;
  };

  it('survives kill -9 with no pull counted twice, and a clean stop with none lost', {
    timeout: 60_000,
  }, async () => {
    const first = await place.serve(env);
    await push(first.url, 'v1');
    await pull(first.url, 3);
    // Recorded by themselves within seconds, and nothing more comes.
    await expect.poll(async () => (await statistics()).tags[0]?.pulls, { timeout: 20_000 }).toBe(3);
    await pull(first.url, 4);
    await first.process.stop('SIGKILL');
    const afterKill = await statistics();
    expect([3, 7]).toContain(afterKill.tags[0]?.pulls);
    expect(afterKill.manifests[0]?.pulls).toBe(afterKill.tags[0]?.pulls);

    const [one, two] = await Promise.all([place.serve(env), place.serve(env)]);
    await Promise.all([pull(one.url, 5), pull(two.url, 6)]);
    await Promise.all([one.process.stop(), two.process.stop()]);
    const total = (afterKill.tags[0]?.pulls ?? 0) + 11;
    const afterStop = await statistics();
    expect(afterStop.tags).toMatchObject([{ tag: 'v1', pulls: total, lastPulled: expect.any(String) }]);
    expect(afterStop.manifests).toMatchObject([{ pulls: total }]);

    const shown = await place.run(['stats'], { env });
    expect(shown.stdout).toMatch(
      /^Pulls are counted since \S+Z\.\nteam\/app\t1 tag\t1 manifest\t\d+ pulls, last \S+Z\n$/,
    );
    const tags = await place.run(['stats', 'team/app'], { env });
    expect(tags.stdout).toMatch(/\nteam\/app:v1\tsha256:\w{64}\t\d+ pulls, last \S+Z\nteam\/app@sha256:/);
    const none = await place.run(['stats', 'team/none'], { env });
    expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining('no repository "team/none"') });
    const bad = await place.run(['stats', 'Team'], { env });
    expect(bad).toMatchObject({ code: 1, stderr: expect.stringContaining('is not a repository name') });
  });
});
