import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { hash as bcrypt } from '@node-rs/bcrypt';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { GcsTokenDatabase } from '../../src/auth/login/gcs/gcs-database.ts';
import { USUAL_PATIENCE } from '../../src/auth/login/gcs/patient-fetch.ts';
import { tokenDatabaseContract } from '../contract/token-database.ts';
import { plainAuth } from './support/auth-yml.ts';
import { type FakeGcs, startFakeGcs } from './support/fake-gcs.ts';
import { prepared } from './support/prepared.ts';
import { folder } from './support/root.ts';

/* docker_auth's token database in Google Cloud Storage, for which fake-gcs-server stands, a server by others. */

const program = await prepared('fake-gcs-server');
if (program === undefined) {
  process.stdout.write(
    'SKIPPED: no fake-gcs-server, and no Go to build it with; set BERTH_FAKE_GCS to the program\n',
  );
}

/**
 * Google's answer to a condition on DELETE, which fake-gcs-server overlooks: it does know how to delete one generation.
 * Everything else goes through as it is.
 */
async function conditional(target: string): Promise<HttpServer> {
  const server = createServer(async (request, response) => {
    const { url = '', method = '', headers } = request;
    const to = new URL(url, target);
    const wanted = to.searchParams.get('ifGenerationMatch');
    const isRemoval = method === 'DELETE' && wanted !== null;
    if (isRemoval) to.searchParams.set('generation', wanted);
    const body = method === 'POST' ? await text(request) : undefined;
    const type = headers['content-type'] ?? 'application/octet-stream';
    const answer = await fetch(to, {
      method,
      headers: { 'content-type': type },
      ...(body !== undefined && { body }),
    });
    const generation = answer.headers.get('x-goog-generation');
    response.writeHead(isRemoval && answer.status === 404 ? 412 : answer.status, {
      ...(generation !== null && { 'x-goog-generation': generation }),
    });
    response.end(await answer.text());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

describe.skipIf(program === undefined)('Google Cloud Storage as a token database', () => {
  let gcs: FakeGcs;
  let front: HttpServer;
  const opened: GcsTokenDatabase[] = [];
  const open = (bucket = 'logins') => {
    const endpoint = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
    const closing = new AbortController();
    const options = { bucket, endpoint, tokens: undefined, patience: USUAL_PATIENCE, closing };
    const database = new GcsTokenDatabase(options);
    opened.push(database);
    return database;
  };
  beforeAll(async () => {
    gcs = await startFakeGcs(program ?? '');
    front = await conditional(gcs.url);
  });
  afterAll(async () => {
    for (const database of opened) await database.close();
    front?.close();
    await gcs?.server.stop();
  });

  tokenDatabaseContract(() => open());

  test('a bucket that is missing is said', async () => {
    const says = /^the token database gs:\/\/others cannot be asked: there is no such bucket/;
    await expect(open('others').find('x')).rejects.toThrow(says);
    await expect(open('others').replace('x', '{}', undefined)).rejects.toThrow(says);
  });

  test('what docker_auth left goes on, and ends at every replica', async () => {
    const left = {
      // Fresh, so that GitHub need not be asked.
      ...{ token_type: 'Bearer', valid_until: new Date(Date.now() + 1_800_000).toISOString() },
      ...{ access_token: 'clear', docker_password: await bcrypt('sixteenletters16', 4) },
    };
    await open().replace('bob', `${JSON.stringify(left)}\n`, undefined);
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const keyFile = join(folder('gcs-key'), 'key.json');
    const key = { type: 'service_account', client_email: 'x@example.com' };
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    writeFileSync(keyFile, JSON.stringify({ ...key, private_key: pem }));
    const database = `gcs_token_db: {bucket: logins, client_secret_file: ${keyFile}}`;
    const sections = `github_auth: {client_id: x, client_secret: y, ${database}}\nacl: []\n`;
    const env = { STORAGE_EMULATOR_HOST: new URL(gcs.url).host };
    const replicas = await Promise.all([1, 2].map(() => plainAuth(inject('bed').ec, sections, env)));
    onTestFinished(async () => {
      for (const replica of replicas) await replica.server.stop();
    });
    const bob = { account: 'bob', password: 'sixteenletters16' };
    const statuses = () => Promise.all(replicas.map(async ({ login }) => (await login(bob)).status));
    expect(await statuses()).toEqual([200, 200]);
    const kept = await open().find('bob');
    expect(kept?.document).toContain('docker_password');
    expect(kept?.document).not.toContain('clear');
    expect(await open().remove('bob', kept?.version ?? '')).toBe(true);
    await expect.poll(statuses, { timeout: 10_000 }).toEqual([401, 401]);
  });
});
