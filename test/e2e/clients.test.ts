import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { newClient } from './clients/all.ts';
import { type Client, DENIED, REFUSED } from './clients/client.ts';
import { ADMIN, TEST } from './support/accounts.ts';
import { LAYER_SIZE, planImage } from './support/images.ts';
import { PAIRINGS, type Pair } from './support/pairings.ts';
import { readBack } from './support/pusher.ts';
import { session } from './support/session.ts';
import { steps } from './support/steps.ts';

/* The main job with real clients, in every pairing of registry and token service. */

for (const pairing of PAIRINGS)
  describe(pairing.name, () => {
    let pair: Pair;
    beforeAll(async () => {
      pair = await pairing.start();
    });
    afterAll(() => pair?.stop());

    describe.each(pairing.clients)('%s', (name) => {
      let client: Client;
      const basePlan = planImage(3);
      const appPlan = planImage(1, basePlan);
      const ref = (repository: string) => `${pair.host}/team/${name}-${repository}:v1`;
      steps(() => pair.evidence());
      beforeAll(() => {
        client = newClient(name, inject('bed').dockerHost);
      });
      afterAll(async () => {
        await client.logout(pair.host);
        await client.empty();
      });

      test('anonymous is refused a push', async () => {
        await client.build(ref('base'), basePlan);
        const { outcome } = await client.push(ref('base'));
        expect(outcome.code, outcome.all).not.toBe(0);
        expect(outcome.all).toMatch(REFUSED);
      });

      test('a wrong password is refused at login', async () => {
        const outcome = await client.login(pair.host, ADMIN.account, 'wrong');
        expect(outcome.code, outcome.all).not.toBe(0);
        expect(outcome.all).toMatch(/unauthorized|invalid username\/password/i);
      });

      test('admin logs in', async () => {
        const outcome = await client.login(pair.host, ADMIN.account, ADMIN.password);
        expect(outcome.code, outcome.all).toBe(0);
        expect(outcome.stdout).toContain('Login Succeeded');
      });

      test('push of a multi-layer image, pull into an emptied store: equal digest', async () => {
        const identity = await client.identity(ref('base'));
        const pushed = await client.push(ref('base'));
        expect(pushed.outcome.code, pushed.outcome.all).toBe(0);
        expect(pushed.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
        await client.empty();
        pair.recorder.clear();
        const pulled = await client.pull(ref('base'));
        expect(pulled.outcome.code, pulled.outcome.all).toBe(0);
        expect(pulled.digest).toBe(pushed.digest);
        expect(await client.identity(ref('base'))).toBe(identity);
        const blobs = pair.recorder.exchanges.filter(
          ({ method, path }) => method === 'GET' && path.includes('/blobs/'),
        );
        expect(new Set(blobs.map(({ path }) => path)).size, pair.recorder.text()).toBeGreaterThanOrEqual(4);
        const by = session(`http://${pair.host}`, {
          credentials: ADMIN,
          ...(pair.ca ? { ca: pair.ca } : {}),
        });
        expect(await readBack(by, `team/${name}-base`, 'manifests/v1')).toBe(pushed.digest);
      });

      test('a second image on the same base mounts the base in another repository', async () => {
        await client.build(ref('app'), appPlan, { ref: ref('base'), plan: basePlan });
        pair.recorder.clear();
        const { outcome } = await client.push(ref('app'));
        expect(outcome.code, outcome.all).toBe(0);
        if (client.mounted !== undefined) expect(outcome.all).toMatch(client.mounted);
        const { exchanges } = pair.recorder;
        const mounts = exchanges.filter(
          ({ method, query, status }) => method === 'POST' && query.has('mount') && status === 201,
        );
        expect(new Set(mounts.map(({ query }) => query.get('mount'))).size, pair.recorder.text()).toBe(3);
        expect(mounts.map(({ query }) => query.get('from'))).toContain(`team/${name}-base`);
        const sent = exchanges.reduce((total, exchange) => total + exchange.sent, 0);
        expect(sent, 'only the new layer is sent').toBeLessThan(2 * LAYER_SIZE);
        await client.empty();
        const pulled = await client.pull(ref('app'));
        expect(pulled.outcome.code, pulled.outcome.all).toBe(0);
      });

      test('test is denied a push and told why', async () => {
        await client.logout(pair.host);
        const login = await client.login(pair.host, TEST.account, TEST.password);
        expect(login.code, login.all).toBe(0);
        await client.build(ref('denied'), planImage(1));
        pair.recorder.clear();
        const { outcome } = await client.push(ref('denied'));
        expect(outcome.code, outcome.all).not.toBe(0);
        expect(outcome.all).toMatch(DENIED);
        const answers = pair.recorder.exchanges.filter(({ challenge }) =>
          challenge?.includes('"insufficient_scope"'),
        );
        expect(answers.map(({ status, path }) => [status, path.includes('-denied/')])[0]).toEqual([
          401,
          true,
        ]);
      });

      test(pairing.testMayPull ? 'test may pull' : 'test may not pull what is not below test/', async () => {
        await client.empty();
        const { outcome } = await client.pull(ref('base'));
        expect(outcome.code === 0, outcome.all).toBe(pairing.testMayPull);
        if (!pairing.testMayPull) expect(outcome.all).toMatch(DENIED);
      });

      test.skipIf(pairing.testMayPull)('test may push and pull below test/', async () => {
        const own = `${pair.host}/test/${name}/own:v1`;
        await client.build(own, planImage(1));
        const pushed = await client.push(own);
        expect(pushed.outcome.code, pushed.outcome.all).toBe(0);
        await client.empty();
        expect((await client.pull(own)).digest).toBe(pushed.digest);
      });

      test('after logout anonymous is refused a pull', async () => {
        const logout = await client.logout(pair.host);
        expect(logout.code, logout.all).toBe(0);
        await client.empty();
        const { outcome } = await client.pull(ref('base'));
        expect(outcome.code, outcome.all).not.toBe(0);
        expect(outcome.all).toMatch(REFUSED);
      });
    });
  });
