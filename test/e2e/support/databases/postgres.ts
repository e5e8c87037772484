import { chmodSync, chownSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { Certificate } from '../certificates.ts';
import { folder, root } from '../root.ts';
import { must } from '../run.ts';
import { freePort, type Server, startServer } from '../server.ts';
import type { TestDatabase } from './database.ts';
import { type Ask, sqlTables, xormSections } from './sql.ts';

const PASSWORD = "it's a \\ p@ss";
const PROGRAMS = '/usr/lib/postgresql';
const COLUMNS =
  "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'";

/**
 * A PostgreSQL of our own with an empty database. It refuses to run as root, and runs as the user that Debian makes.
 * @param certificate with it, it speaks TLS as well
 */
export async function startPostgres(
  certificate?: Certificate,
): Promise<TestDatabase & { readonly port: number }> {
  const [version = ''] = readdirSync(PROGRAMS).toSorted((a, b) => Number(b) - Number(a));
  const place = folder('postgres');
  const [uid = 0, gid = 0] = await Promise.all(
    ['-u', '-g'].map(async (which) => Number((await must('id', [which, 'postgres'])).stdout)),
  );
  chmodSync(root(), 0o711);
  chownSync(place, uid, gid);
  const data = join(place, 'data');
  const passwordFile = join(place, 'password');
  writeFileSync(passwordFile, PASSWORD);
  chownSync(passwordFile, uid, gid);
  const asPostgres = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--'];
  const program = (name: string): string => join(PROGRAMS, version, 'bin', name);
  await must('setpriv', [
    ...[...asPostgres, program('initdb'), '-D', data, '-U', 'berth', `--pwfile=${passwordFile}`],
    ...['-A', 'scram-sha-256', '-E', 'UTF8', '--no-sync'],
  ]);
  const tls = certificate === undefined ? [] : tlsArguments(certificate, place, [uid, gid]);
  const port = await freePort();
  const ask: Ask = async (statement, values = []) => {
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      user: 'berth',
      password: PASSWORD,
      database: 'postgres',
    });
    await client.connect();
    try {
      let count = 0;
      const numbered = statement.replaceAll('?', () => {
        count += 1;
        return `$${count}`;
      });
      return (await client.query(numbered, [...values])).rows;
    } finally {
      await client.end();
    }
  };
  const boot = (): Promise<Server> =>
    startServer({
      name: 'postgres',
      command: 'setpriv',
      args: [
        ...[...asPostgres, program('postgres'), '-D', data, '-p', String(port), '-k', place],
        ...['-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off', ...tls],
      ],
      ready: () =>
        ask('SELECT 1').then(
          () => true,
          () => false,
        ),
    });
  let server = await boot();
  const quoted = `'${PASSWORD.replaceAll(/['\\]/g, '\\$&')}'`;
  return {
    kind: 'postgres',
    port,
    secret: PASSWORD,
    sections: (cacheTtl) =>
      xormSections(
        'postgres',
        `host=127.0.0.1 port=${port} user=berth password=${quoted} dbname=postgres sslmode=disable`,
        cacheTtl,
      ),
    ...sqlTables(ask, () => ask(COLUMNS)),
    takeAway: () => server.kill(),
    async bringBack() {
      server = await boot();
    },
    end: () => server.kill(),
  };
}

/** PostgreSQL reads a key only where nobody else can. */
function tlsArguments(
  { certificate, key }: Certificate,
  place: string,
  [uid, gid]: readonly [number, number],
): string[] {
  const files = { ssl_cert_file: certificate, ssl_key_file: key };
  const settings = Object.entries(files).flatMap(([setting, pem]) => {
    const file = join(place, setting);
    writeFileSync(file, pem, { mode: 0o600 });
    chownSync(file, uid, gid);
    return ['-c', `${setting}=${file}`];
  });
  return ['-c', 'ssl=on', ...settings];
}
