import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { DENIED } from './clients/client.ts';
import { DOCKER } from './support/engine.ts';
import { buildContext, planImage } from './support/images.ts';
import { PAIRINGS, type Pair } from './support/pairings.ts';
import { folder } from './support/root.ts';
import { must, run } from './support/run.ts';
import { steps } from './support/steps.ts';

/* The walkthrough's step 6, command for command; only the ports are the system's choice. */

for (const pairing of PAIRINGS.filter(({ walkthrough }) => walkthrough)) {
  describe(`walkthrough with ${pairing.name}`, () => {
    let pair: Pair;
    let registry: string;
    let env: Record<string, string>;
    const image = () => `${registry}/walkthrough/image:1.0`;
    steps(() => pair.evidence());
    beforeAll(async () => {
      pair = await pairing.start();
      registry = `localhost:${pair.port}`;
      env = {
        DOCKER_HOST: inject('bed').dockerHost,
        DOCKER_CONFIG: folder('docker-config'),
        DOCKER_BUILDKIT: '0',
      };
    });
    afterAll(async () => {
      await run(DOCKER, ['image', 'rm', '--force', image()], { env });
      await pair?.stop();
    });

    test('curl /v2/ gets the challenge, header for header', async () => {
      const { stdout } = await must('curl', ['-si', `http://${registry}/v2/`]);
      const [head = '', body = ''] = stdout.split('\r\n\r\n');
      expect(head).toMatch(/^HTTP\/1\.1 401 /);
      const headers = new Map(
        head.split('\r\n').map((line) => [line.replace(/:.*/, '').toLowerCase(), line]),
      );
      const value = (name: string) => headers.get(name)?.replace(/^[^:]*: */, '');
      expect(value('www-authenticate')).toBe(`Bearer realm="${pair.realm}",service="Docker registry"`);
      expect(value('docker-distribution-api-version')).toBe('registry/2.0');
      expect(value('content-type')).toMatch(/^application\/json; *charset=utf-8$/);
      expect(JSON.parse(body)).toMatchObject({
        errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }],
      });
    });

    test('curl gets a token and uses it', async () => {
      const ask = `${pair.realm}?account=admin&client_id=docker&offline_token=true&service=Docker+registry`;
      const answer = await must('curl', ['-sk', '--user', 'admin:badmin', ask]);
      const token = (await must('jq', ['--raw-output', '.token'], { input: answer.stdout })).stdout.trim();
      const header = `Authorization: Bearer ${token}`;
      const format = '%{http_code}';
      const v2 = await must('curl', [
        '-s',
        '-o',
        '/dev/null',
        '-w',
        format,
        '-H',
        header,
        `http://${registry}/v2/`,
      ]);
      expect(v2.stdout).toBe('200');
    });

    test('docker login --username admin --password badmin: Login Succeeded', async () => {
      const login = await run(DOCKER, ['login', '--username', 'admin', '--password', 'badmin', registry], {
        env,
      });
      expect(login.code, login.all).toBe(0);
      expect(login.stdout).toContain('Login Succeeded');
    });

    test('docker push, docker pull', async () => {
      await must(DOCKER, ['build', '--quiet', '--tag', image(), buildContext(planImage(2))], { env });
      const push = await run(DOCKER, ['push', image()], { env });
      expect(push.code, push.all).toBe(0);
      await must(DOCKER, ['image', 'rm', image()], { env });
      const pull = await run(DOCKER, ['pull', image()], { env });
      expect(pull.code, pull.all).toBe(0);
      const digest = /digest: (sha256:\S+)/.exec(push.stdout)?.[1];
      expect(digest).toBeDefined();
      expect(/Digest: (sha256:\S+)/.exec(pull.stdout)?.[1]).toBe(digest);
    });

    test('test / 123 may log in and pull, and is denied a push', async () => {
      const login = await run(DOCKER, ['login', '--username', 'test', '--password', '123', registry], {
        env,
      });
      expect(login.stdout, login.all).toContain('Login Succeeded');
      const pull = await run(DOCKER, ['pull', image()], { env });
      expect(pull.code, pull.all).toBe(0);
      const push = await run(DOCKER, ['push', image()], { env });
      expect(push.code, push.all).not.toBe(0);
      expect(push.all).toMatch(DENIED);
    });
  });
}
