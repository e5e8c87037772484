import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { newClient } from './clients/all.ts';
import type { Client } from './clients/client.ts';
import { BERTH, type BerthServe, berthServe } from './support/berth.ts';
import { dockerRegistry } from './support/docker-registry.ts';
import { answers } from './support/http.ts';
import { planImage } from './support/images.ts';
import type { Registry } from './support/registry.ts';
import { folder } from './support/root.ts';
import type { Outcome } from './support/run.ts';
import { freePort, type Server, startServer } from './support/server.ts';

/* What docker prints where it is refused: the sentences that docs/reference/errors.md shows are those that are seen. */

const SHOWN = readFileSync(resolve(import.meta.dirname, '../../docs/reference/errors.md'), 'utf8');
const HASH = '$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC'; // badmin
const TEST_MS = 60_000;

let berth: Server;
let other: Registry;
let docker: Client;
let host: string;
let own: BerthServe;

beforeAll(async () => {
  const place = folder('refusals');
  const [port, gone] = [await freePort(), await freePort()];
  host = `127.0.0.1:${port}`;
  writeFileSync(
    join(place, 'config.yml'),
    `
version: 0.1
http: {addr: "${host}"}
storage: {filesystem: {rootdirectory: ${join(place, 'data')}}}
throttle: {failures: 2, delay: 8s}
auth:
  builtin:
    users:
      bob: {password: "${HASH}"}
      guessed: {password: "${HASH}"}
    http_auth: {url: "http://127.0.0.1:${gone}/"}
    acl: [{match: {account: bob, name: "team/*"}, actions: [pull]}, {match: {account: bob}, actions: []}]
`,
  );
  berth = await startServer({
    name: 'berth-serve',
    command: BERTH,
    args: ['serve', join(place, 'config.yml')],
    ready: () => answers(`http://${host}/v2/`),
  });
  other = await dockerRegistry({
    REGISTRY_AUTH: 'token',
    REGISTRY_AUTH_TOKEN_REALM: `http://${host}/auth/token`,
    REGISTRY_AUTH_TOKEN_SERVICE: 'another registry',
    REGISTRY_AUTH_TOKEN_ISSUER: 'berth',
    REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE: inject('bed').rsa.certificateFile,
  });
  own = await berthServe({ env: { BERTH_ADMIN_PASSWORD: 'admin password' } });
  docker = newClient('docker', inject('bed').dockerHost);
  await docker.build(`${host}/team/app:v1`, planImage(1));
}, TEST_MS);
afterAll(async () => {
  await berth?.stop();
  await other?.stop();
  await own?.stop();
});

/** The line that tells why, without what is another one each time; it has to be the documentation's. */
function expectShown({ code, all }: Outcome): void {
  expect(code, all).not.toBe(0);
  const [line = ''] = all
    .split('\n')
    .filter((one) =>
      /^(Error response|unauthorized|denied|error|errors:|toomany|unknown|unavailable|received)/i.test(one),
    );
  const seen = line
    .replaceAll(/127\.0\.0\.1:\d+/g, 'registry.example.com')
    .replaceAll(/in \d+ seconds/g, 'in 8 seconds');
  expect(SHOWN).toContain(`\n${seen}\n`);
}

test(
  'a wrong password',
  async () => {
    expectShown(await docker.login(host, 'bob', 'wrong'));
  },
  TEST_MS,
);

test(
  'held up after wrong passwords',
  async () => {
    for (const guess of ['one', 'two', 'three']) await docker.login(host, 'guessed', guess);
    expectShown(await docker.login(host, 'guessed', 'badmin'));
  },
  TEST_MS,
);

test(
  'not logged in',
  async () => {
    expectShown((await docker.pull(`${host}/team/app:v1`)).outcome);
  },
  TEST_MS,
);

test(
  'a push that is not allowed',
  async () => {
    expect((await docker.login(host, 'bob', 'badmin')).code).toBe(0);
    expectShown((await docker.push(`${host}/team/app:v1`)).outcome);
  },
  TEST_MS,
);

test(
  'a registry that the token service does not know',
  async () => {
    expectShown(await docker.login(`127.0.0.1:${other.port}`, 'bob', 'badmin'));
  },
  TEST_MS,
);

test(
  'a source of accounts that is away',
  async () => {
    expectShown(await docker.login(host, 'somebody', 'x'));
  },
  TEST_MS,
);

/** Runs `berth ARGS` on the second registry. @returns the secret that it shows, if any */
async function manage(args: readonly string[], input?: string): Promise<string> {
  const { code, all } = await own.command(args, input);
  expect(code, all).toBe(0);
  return /berth_[a-z]+_\S+/.exec(all)?.[0] ?? '';
}

test(
  'a disabled account',
  async () => {
    await manage(['user', 'add', 'carol'], 'a password of hers\n');
    await manage(['user', 'disable', 'carol']);
    expectShown(await docker.login(`127.0.0.1:${own.port}`, 'carol', 'a password of hers'));
  },
  TEST_MS,
);
