import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type Certificate, makeCertificate } from './support/certificates.ts';
import { startMariaDb } from './support/databases/mariadb.ts';
import { startPostgres } from './support/databases/postgres.ts';
import { folder } from './support/root.ts';
import { freePort, type Server, startServer } from './support/server.ts';
import { tokenService } from './support/token-service.ts';

/*
 * Databases by TLS: whose certificate is believed, and what is said where it is not. The servers have a certificate that
 * is its own authority, for the name localhost and no other.
 */

let own: Certificate;
let other: Certificate;
let strays: Certificate;
let postgres: Awaited<ReturnType<typeof startPostgres>>;
let mariadb: Awaited<ReturnType<typeof startMariaDb>>;
/** Its certificate is for another name. */
let stray: typeof mariadb;
let redis: { readonly server: Server; readonly port: number };

async function startRedis({ certificateFile, keyFile }: Certificate) {
  const port = await freePort();
  const server = await startServer({
    ...{ name: 'redis-tls', command: '/usr/bin/redis-server', cwd: folder('redis') },
    args: [
      ...['--port', '0', '--tls-port', String(port), '--bind', '127.0.0.1', '--save', ''],
      ...['--tls-cert-file', certificateFile, '--tls-key-file', keyFile, '--tls-auth-clients', 'no'],
    ],
    ready: async (started) => started.output().includes('Ready to accept connections'),
  });
  return { server, port };
}

beforeAll(async () => {
  own = await makeCertificate('EC P-256', 'DNS:localhost');
  other = await makeCertificate('EC P-256', 'DNS:localhost');
  strays = await makeCertificate('EC P-256', 'DNS:db.test');
  [postgres, mariadb, stray, redis] = await Promise.all([
    startPostgres(own),
    startMariaDb(own),
    startMariaDb(strays),
    startRedis(own),
  ]);
});
afterAll(async () => {
  await Promise.all([postgres?.end(), mariadb?.end(), stray?.end(), redis?.server.stop()]);
});

const rules = 'acl: [{match: {account: "/.+/"}, actions: [pull]}]\n';
const xorm = (type: string, connection: string) =>
  `xorm_auth: {database_type: ${type}, conn_string: ${JSON.stringify(connection)}}\n${rules}`;

interface Case {
  /** authorities beside the machine's */
  readonly trusted?: () => Certificate;
  readonly sections: () => string;
  /** what the log says; undefined: the database is asked */
  readonly reason?: RegExp;
}

const UNTRUSTED = /certificate.*NODE_EXTRA_CA_CERTS/;
const OTHER_NAME = /does not match certificate's altnames/;

const byPostgres = (host: string, mode: string, root?: () => Certificate) => () => {
  const password = `'${postgres.secret?.replaceAll(/['\\]/g, '\\$&')}'`;
  const authority = root === undefined ? '' : ` sslrootcert=${root().certificateFile}`;
  return xorm(
    'postgres',
    `host=${host} port=${postgres.port} user=berth password=${password} dbname=postgres sslmode=${mode}${authority}`,
  );
};
const byMysql =
  (host: string, tls: string, server = () => mariadb) =>
  () =>
    xorm('mysql', `berth:${mariadb.secret}@tcp(${host}:${server().port})/docker_auth?tls=${tls}`);
const byRedis = (host: string, tls: string) => () =>
  `oidc_auth: {issuer: "https://id.test", redirect_url: "https://auth.test/oidc_auth", client_id: a, client_secret: b, redis_token_db: {redis_options: {addr: "${host}:${redis.port}", tlsconfig: ${tls}}}}\n${rules}`;

const CASES: Readonly<Record<string, Case>> = {
  'PostgreSQL, verify-full with its authority in sslrootcert': {
    sections: byPostgres('localhost', 'verify-full', () => own),
  },
  'PostgreSQL, verify-full with another authority': {
    sections: byPostgres('localhost', 'verify-full', () => other),
    reason: /certificate.*sslrootcert/,
  },
  'PostgreSQL, verify-full by a name that it does not have': {
    sections: byPostgres('127.0.0.1', 'verify-full', () => own),
    reason: OTHER_NAME,
  },
  'PostgreSQL, verify-ca by a name that it does not have': {
    sections: byPostgres('127.0.0.1', 'verify-ca', () => own),
  },
  'PostgreSQL, require, which checks nobody': { sections: byPostgres('127.0.0.1', 'require') },
  'MariaDB, tls=true with its authority among the trusted': {
    trusted: () => own,
    sections: byMysql('localhost', 'true'),
  },
  'MariaDB, tls=true with another authority': {
    trusted: () => other,
    sections: byMysql('localhost', 'true'),
    reason: UNTRUSTED,
  },
  'MariaDB, tls=true by a name that it does not have': {
    trusted: () => strays,
    sections: byMysql('localhost', 'true', () => stray),
    reason: OTHER_NAME,
  },
  'MariaDB, skip-verify, which checks nobody': { sections: byMysql('127.0.0.1', 'skip-verify') },
  'Redis, with its authority among the trusted': { trusted: () => own, sections: byRedis('localhost', '{}') },
  'Redis, with another authority': {
    trusted: () => other,
    sections: byRedis('localhost', '{}'),
    reason: /certificate/,
  },
  'Redis, by a name that it does not have': {
    trusted: () => own,
    sections: byRedis('127.0.0.1', '{}'),
    reason: OTHER_NAME,
  },
  'Redis, insecureskipverify, which checks nobody': {
    sections: byRedis('127.0.0.1', '{insecureskipverify: true}'),
  },
};

test.for(Object.entries(CASES))('%s', async ([, { trusted, sections, reason }]) => {
  const env = trusted === undefined ? {} : { NODE_EXTRA_CA_CERTS: trusted().certificateFile };
  const auth = await tokenService(inject('bed').ec, sections(), env);
  try {
    const answer = await auth.ask({ account: 'nobody', password: 'nothing' });
    // 401 comes of a database that was asked and knows nobody of this name.
    expect([answer.status, answer.text], auth.output()).toEqual([
      reason === undefined ? 401 : 503,
      expect.any(String),
    ]);
    if (reason !== undefined) await expect.poll(() => auth.output()).toMatch(reason);
    expect(auth.output()).not.toContain(mariadb.secret);
  } finally {
    await auth.stop();
  }
});
