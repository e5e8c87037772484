import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { CLIENT_NAMES, newClient } from './clients/all.ts';
import type { Client } from './clients/client.ts';
import { type BerthServe, berthServe } from './support/berth.ts';
import { LAYER_SIZE, planImage } from './support/images.ts';
import { type Recorder, startRecorder } from './support/recorder.ts';

/* What people read when a rule for their repository refuses a push, and how often their client tries. */

const RULES = JSON.stringify([
  { match: '**/fixed', immutabletags: ['v*'] },
  { match: '**/small', quota: { maxbytes: `${2.5 * LAYER_SIZE}` } },
  { match: '**/few', quota: { maxtags: 1 } },
]);

describe('rules for repositories', () => {
  let berth: BerthServe;
  let recorder: Recorder;
  beforeAll(async () => {
    berth = await berthServe({ env: { REGISTRY_AUTH: 'none', REGISTRY_REPOSITORIES: RULES } });
    recorder = await startRecorder(berth.port);
  });
  afterAll(async () => {
    await recorder?.stop();
    await berth?.stop();
  });

  describe.each(CLIENT_NAMES)('%s', (name) => {
    let client: Client;
    const ref = (repository: string, tag: string) =>
      `127.0.0.1:${recorder.port}/${name}/${repository}:${tag}`;
    beforeAll(() => {
      client = newClient(name, inject('bed').dockerHost);
    });
    afterAll(() => client.empty());

    /** Pushes what must be refused. @returns what the client said, and the requests that were refused */
    const refused = async (image: string) => {
      recorder.clear();
      const { outcome } = await client.push(image);
      expect(outcome.code, outcome.all).not.toBe(0);
      const refusals = recorder.exchanges.filter(({ status }) => status === 403 || status === 409);
      // skopeo writes its last line as a log does, with quotes in quotes.
      return { text: outcome.all.replaceAll('\\"', '"'), refusals };
    };

    test('a tag that is immutable: the same image again, and never another', async () => {
      const image = ref('fixed', 'v1');
      await client.build(image, planImage(1));
      const first = await client.push(image);
      expect(first.outcome.code, first.outcome.all).toBe(0);
      const again = await client.push(image);
      expect([again.outcome.code, again.digest], again.outcome.all).toEqual([0, first.digest]);
      await client.empty();
      await client.build(image, planImage(1));
      const { text, refusals } = await refused(image);
      expect(text).toContain(
        `the tag "v1" is immutable here and stays at ${first.digest}; push under another tag`,
      );
      expect(refusals, recorder.text()).toHaveLength(1);
      await client.empty();
      expect((await client.pull(image)).digest).toBe(first.digest);
    });

    test('a quota in bytes', async () => {
      const image = ref('small', 'v1');
      await client.build(image, planImage(4));
      const { text, refusals } = await refused(image);
      expect(text).toMatch(/denied: the quota of \S+\/small is too small: it holds .* of 750\.0 kB/);
      // Layers are sent side by side; none of them is sent twice.
      expect(refusals.length, recorder.text()).toBeLessThanOrEqual(5);
    });

    test('a quota in tags', async () => {
      await client.build(ref('few', 'a'), planImage(1));
      expect((await client.push(ref('few', 'a'))).outcome.code).toBe(0);
      await client.build(ref('few', 'b'), planImage(1));
      const { text, refusals } = await refused(ref('few', 'b'));
      expect(text).toContain(
        'it has 1 of 1 tags (repositories[2].quota.maxtags), and this adds 1; delete tags',
      );
      expect(refusals, recorder.text()).toHaveLength(1);
    });
  });
});
