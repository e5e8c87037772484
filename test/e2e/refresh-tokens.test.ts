import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ADMIN, type Credentials } from './support/accounts.ts';
import { BERTH, berthAuth, berthServe, serveEnvironment } from './support/berth.ts';
import { dockerRegistry } from './support/docker-registry.ts';
import { DOCKER } from './support/engine.ts';
import { buildContext, planImage } from './support/images.ts';
import { tokenEnvironment } from './support/registry.ts';
import { folder } from './support/root.ts';
import { type Outcome, run } from './support/run.ts';
import { steps } from './support/steps.ts';

/* After `docker login` there is no password in docker's file, and everything that reads the file goes on working. */

interface Place {
  readonly port: number;
  readonly credentials: Credentials;
  /** `berth ARGS` on the data that hold the logins. */
  command(args: readonly string[]): Promise<Outcome>;
  evidence(): string;
  stop(): Promise<void>;
}

const PLACES: readonly { readonly name: string; readonly start: () => Promise<Place> }[] = [
  {
    name: 'berth serve',
    async start() {
      const env = { BERTH_ADMIN_PASSWORD: ADMIN.password };
      const serve = await berthServe({ env });
      return {
        port: serve.port,
        credentials: ADMIN,
        command: (args) => serve.command(args),
        evidence: () => serve.output(),
        stop: () => serve.stop(),
      };
    },
  },
  {
    name: 'docker-registry 2.8.2 + berth auth with data',
    async start() {
      const { rsa } = inject('bed');
      const data = join(folder('auth-data'), 'data');
      const auth = await berthAuth(rsa, [], [`data: ${data}`]);
      const registry = await dockerRegistry(tokenEnvironment(auth.realm, rsa.certificateFile));
      return {
        port: registry.port,
        credentials: ADMIN,
        command: (args) => run(BERTH, args, { env: serveEnvironment(0, data, {}) }),
        evidence: () => `${auth.output()}\n--- docker-registry\n${registry.output()}`,
        async stop() {
          await auth.stop();
          await registry.stop();
        },
      };
    },
  },
];

describe.each(PLACES)('$name', ({ start }) => {
  let place: Place;
  let host: string;
  let config: string;
  let file: string;
  steps(() => place.evidence());
  beforeAll(async () => {
    place = await start();
    host = `127.0.0.1:${place.port}`;
    config = folder('docker-config');
    file = join(config, 'config.json');
  });
  afterAll(async () => {
    await place?.stop();
  });

  const docker = (...args: readonly string[]): Promise<Outcome> =>
    run(DOCKER, args, {
      env: { DOCKER_HOST: inject('bed').dockerHost, DOCKER_CONFIG: config, DOCKER_BUILDKIT: '0' },
    });
  const succeeds = async (outcome: Promise<Outcome>): Promise<Outcome> => {
    const { code, all } = await outcome;
    expect(code, all).toBe(0);
    return outcome;
  };

  test('docker login keeps a token and no password', async () => {
    const { account, password } = place.credentials;
    const login = await succeeds(docker('login', '--username', account, '--password', password, host));
    expect(login.stdout).toContain('Login Succeeded');
    const text = readFileSync(file, 'utf8');
    const entry = (JSON.parse(text) as { auths: Record<string, { auth: string; identitytoken: string }> })
      .auths[host];
    expect(entry?.identitytoken).toMatch(/^berth_rt_/);
    const [user, secret] = Buffer.from(entry?.auth ?? '', 'base64')
      .toString()
      .split(':');
    expect([user, secret]).toEqual([account, '']);
    expect(text).not.toContain(password);
    expect(text).not.toContain(Buffer.from(password).toString('base64').replaceAll('=', ''));
  });

  test('docker pushes and pulls with it', async () => {
    const ref = `${host}/admin/kept:v1`;
    await succeeds(docker('build', '--quiet', '--tag', ref, buildContext(planImage(2))));
    await succeeds(docker('push', ref));
    await succeeds(docker('image', 'rm', '--force', ref));
    await succeeds(docker('pull', ref));
  });

  test('skopeo and podman, which read the same file, go on with it', async () => {
    const ref = `${host}/admin/kept`;
    const inspect = ['inspect', '--tls-verify=false', '--authfile', file, `docker://${ref}:v1`];
    await succeeds(run('skopeo', inspect));
    await succeeds(
      run('skopeo', [
        ...['copy', '--src-tls-verify=false', '--dest-tls-verify=false', '--authfile', file],
        ...[`docker://${ref}:v1`, `docker://${ref}:v2`],
      ]),
    );
    const podman = ['search', '--tls-verify=false', '--authfile', file, '--list-tags', ref];
    expect((await succeeds(run('podman', podman))).stdout).toContain('v2');
  });

  test('it is listed, revoked, and then opens nothing', async () => {
    const list = await succeeds(place.command(['login', 'list']));
    const [id = ''] = /^[0-9a-f]{32}/m.exec(list.stdout) ?? [];
    expect(list.stdout).toMatch(/^[0-9a-f]{32}\tadmin\tdocker\t/m);
    const revoked = await succeeds(place.command(['login', 'revoke', id]));
    expect(revoked.stdout).toContain('Ended 1 login.');
    const ref = `${host}/admin/kept:v2`;
    const pull = await docker('pull', ref);
    expect(pull.code, pull.all).not.toBe(0);
    expect(pull.all).toMatch(/log in again/);
    const skopeo = await run('skopeo', [
      ...['inspect', '--tls-verify=false', '--authfile', file, `docker://${ref}`],
    ]);
    expect(skopeo.code, skopeo.all).not.toBe(0);
    // Lines are written a moment after what they tell of.
    await expect.poll(() => place.evidence()).toMatch(/a login that has ended was used again/);
  });

  test('docker logs in again', async () => {
    const { account, password } = place.credentials;
    await succeeds(docker('login', '--username', account, '--password', password, host));
    await succeeds(docker('pull', `${host}/admin/kept:v2`));
  });
});
