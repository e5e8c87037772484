import { hash as bcrypt } from '@node-rs/bcrypt';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { RedisTokenDatabase } from '../../src/auth/login/redis-database.ts';
import { tokenDatabaseContract } from '../contract/token-database.ts';
import { browserLoginUnderTest } from '../support/browser-login.ts';
import { FakeUpstream } from '../support/fake-upstream.ts';
import { plainAuth } from './support/auth-yml.ts';
import { folder } from './support/root.ts';
import { must, run } from './support/run.ts';
import { freePort, type Server, startServer } from './support/server.ts';

/* A real Redis as token database: with a password, restarted, as a cluster of one, and with what docker_auth left. */

const SECRET = 'a password + with / odd characters';

async function redis(port: number, more: readonly string[] = []): Promise<Server> {
  return startServer({
    ...{ name: 'redis', command: '/usr/bin/redis-server', cwd: folder('redis') },
    args: ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--requirepass', SECRET, ...more],
    ready: async () => (await cli(port, 'ping')).stdout.includes('PONG'),
  });
}

const cli = (port: number, ...args: readonly string[]) =>
  run('/usr/bin/redis-cli', ['-p', String(port), ...args], { env: { REDISCLI_AUTH: SECRET } });

const server = (port: number, more: object = {}) =>
  new RedisTokenDatabase({
    ...{ addresses: [`127.0.0.1:${port}`], isCluster: false, isSocket: false, username: undefined },
    ...{ password: SECRET, database: 0, tls: undefined, connectTimeoutMs: 2_000, timeoutMs: 2_000 },
    ...more,
  });

describe.each([
  ['one server', [], {}],
  ['a cluster', ['--cluster-enabled', 'yes'], { isCluster: true }],
] as const)('Redis as a token database: %s', (_, args, more) => {
  let process: Server;
  let port: number;
  const opened: RedisTokenDatabase[] = [];
  const open = () => {
    const database = server(port, more);
    opened.push(database);
    return database;
  };
  beforeAll(async () => {
    port = await freePort();
    if ('isCluster' in more) port = 20_000 + (port % 20_000);
    process = await redis(port, args);
    if (!('isCluster' in more)) return;
    await must('/usr/bin/redis-cli', ['-p', String(port), 'cluster', 'addslotsrange', '0', '16383'], {
      env: { REDISCLI_AUTH: SECRET },
    });
    await vi.waitFor(
      async () => expect((await cli(port, 'cluster', 'info')).stdout).toContain('cluster_state:ok'),
      { timeout: 20_000, interval: 100 },
    );
  });
  afterAll(async () => {
    for (const database of opened) await database.close();
    await process?.stop();
  });

  tokenDatabaseContract(open);

  test.skipIf('isCluster' in more)('that comes back is asked again', async () => {
    const database = open();
    await database.replace('alice', '{}', undefined);
    await process.stop();
    await expect(database.find('alice')).rejects.toThrow(
      /^the token database 127\.0\.0\.1:\d+ cannot be asked: /,
    );
    await expect(database.find('alice')).rejects.not.toThrow(SECRET);
    process = await redis(port);
    expect(await database.find('alice')).toBeUndefined();
  });

  test.skipIf('isCluster' in more)('a wrong password is said, and not shown', async () => {
    const database = server(port, { password: 'wrong-secret' });
    onTestFinished(() => database.close());
    await expect(database.find('x')).rejects.toThrow(/WRONGPASS/);
    await expect(database.find('x')).rejects.not.toThrow(/wrong-secret/);
  });

  test.skipIf('isCluster' in more)('a login that docker_auth left goes on, and is sealed', async () => {
    const left = JSON.stringify({
      ...{ token_type: 'Bearer', access_token: 'clear access', refresh_token: 'clear refresh' },
      valid_until: '2031-01-01T12:00:00.123456789+01:00',
      docker_password: await bcrypt('sixteenletters16', 4),
      labels: { groups: ['writers'] },
    });
    await must('/usr/bin/redis-cli', ['-p', String(port), 'set', 't:alice', left], {
      env: { REDISCLI_AUTH: SECRET },
    });
    const upstream = new FakeUpstream(() => ({ account: 'alice', labels: { groups: ['x'] }, tokens: {} }));
    const { logins, signedIn } = browserLoginUnderTest(upstream, { database: open() });
    const right = { account: 'alice', password: 'sixteenletters16' };
    expect(await logins.authenticate({ ...right, password: 'other' })).toBe('wrong-password');
    expect(await logins.authenticate(right)).toMatchObject({ account: 'alice' });
    expect(upstream.renewals).toEqual([{ refresh: 'clear refresh', access: 'clear access' }]);
    const kept = (await cli(port, 'get', 't:alice')).stdout;
    expect(kept).toContain('docker_password');
    expect(kept).not.toContain('clear');
    const { text } = await signedIn();
    expect(await logins.authenticate({ account: 'alice', password: text })).toMatchObject({
      account: 'alice',
    });
    expect(await logins.authenticate(right)).toMatchObject({ account: 'alice' });
    expect((await cli(port, 'keys', '*')).stdout).not.toContain(text);
    expect((await cli(port, 'get', 't:alice')).stdout).not.toContain(text);
  });

  test.skipIf('isCluster' in more)('what is removed there is refused by every replica at once', async () => {
    const left = {
      // Fresh, so that GitHub need not be asked.
      ...{ token_type: 'Bearer', valid_until: new Date(Date.now() + 1_800_000).toISOString() },
      docker_password: await bcrypt('sixteenletters16', 4),
    };
    const env = { REDISCLI_AUTH: SECRET };
    const set = ['-p', String(port), 'set', 't:bob', JSON.stringify(left)];
    await must('/usr/bin/redis-cli', set, { env });
    const place = `redis_options: {addr: "127.0.0.1:${port}", password: ${JSON.stringify(SECRET)}}`;
    const sections = `github_auth: {client_id: x, client_secret: y, redis_token_db: {${place}}}\nacl: []\n`;
    const replicas = await Promise.all([1, 2].map(() => plainAuth(inject('bed').ec, sections)));
    onTestFinished(async () => {
      for (const replica of replicas) await replica.server.stop();
    });
    const bob = { account: 'bob', password: 'sixteenletters16' };
    const statuses = () => Promise.all(replicas.map(async ({ login }) => (await login(bob)).status));
    expect(await statuses()).toEqual([200, 200]);
    expect(await statuses()).toEqual([200, 200]);
    await must('/usr/bin/redis-cli', ['-p', String(port), 'del', 't:bob'], { env });
    expect(await statuses()).toEqual([401, 401]);
  });
});
