import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { go } from '../go.ts';
import { folder } from '../root.ts';
import { freePort, type Server, startServer } from '../server.ts';
import { ruleKeeper, type TestDatabase } from './database.ts';

const MODULE = 'github.com/FerretDB/FerretDB@v1.24.2';
const VERSION = 'v1.24.2';
const WITHOUT = 'ferretdb_no_postgresql,ferretdb_no_mysql,ferretdb_no_hana';
const USER = 'berth';
const PASSWORD = 'p@ss w/ord:%41';

/**
 * A server that speaks MongoDB's protocol: the FerretDB that BERTH_FERRETDB names, or one that Go builds now.
 * @returns undefined where there is none to be had
 */
export async function findFerretDb(): Promise<string | undefined> {
  const named = process.env['BERTH_FERRETDB'];
  if (named !== undefined && existsSync(named)) return named;
  const place = folder('ferretdb-build');
  const got = await go(['mod', 'download', '-json', MODULE], place);
  if (got === undefined) return undefined;
  const { Dir: source } = JSON.parse(got.stdout) as { Dir: string };
  const copy = join(place, 'source');
  cpSync(source, copy, { recursive: true });
  // What is published lacks the file that says which version it is, and does not start without.
  writeFileSync(join(copy, 'build/version/version.txt'), VERSION);
  const program = join(place, 'ferretdb');
  const built = await go(['build', '-tags', WITHOUT, '-o', program, './cmd/ferretdb'], copy);
  return built !== undefined && existsSync(program) ? program : undefined;
}

/** Starts it on files of SQLite; who uses it has to log in by SCRAM. */
export async function startFerretDb(program: string): Promise<TestDatabase> {
  const state = folder('ferretdb');
  const port = await freePort();
  const credentials = { username: USER, password: PASSWORD };
  const withClient = async <T>(use: (client: MongoClient) => Promise<T>): Promise<T> => {
    const client = new MongoClient(`mongodb://127.0.0.1:${port}/`, {
      auth: credentials,
      authSource: 'admin',
      directConnection: true,
      serverSelectionTimeoutMS: 500,
    });
    try {
      return await use(client);
    } finally {
      await client.close();
    }
  };
  const boot = (): Promise<Server> =>
    startServer({
      name: 'ferretdb',
      command: program,
      args: [
        ...['--handler=sqlite', `--sqlite-url=file:${state}/`, `--state-dir=${state}`, '--telemetry=disable'],
        ...[`--listen-addr=127.0.0.1:${port}`, '--debug-addr=-', '--test-enable-new-auth'],
        // Only as a member of a set can it be one of several addresses.
        '--repl-set-name=set',
        ...[`--setup-username=${USER}`, `--setup-password=${PASSWORD}`, '--setup-database=admin'],
      ],
      ready: () =>
        withClient((client) => client.db('admin').command({ ping: 1 })).then(
          () => true,
          () => false,
        ),
    });
  let server = await boot();
  const passwordFile = join(state, 'password');
  writeFileSync(passwordFile, `${PASSWORD}\n`);
  const closed = await freePort();
  return {
    kind: 'mongo',
    secret: PASSWORD,
    sections(cacheTtl) {
      // The first address leads nowhere, and the second one has to be found.
      const addrs = `["127.0.0.1:${closed}", "127.0.0.1:${port}"]`;
      const dial = `dial_info: {addrs: ${addrs}, timeout: 4s, database: docker_auth, username: ${USER}, password_file: ${passwordFile}}`;
      return `mongo_auth: {${dial}, collection: users}
acl_mongo: {${dial}, collection: acl, cache_ttl: ${cacheTtl}}
`;
    },
    async addAccounts(accounts) {
      await withClient((client) =>
        client
          .db('docker_auth')
          .collection('users')
          .insertMany(
            accounts.map(({ username, hash, labels }) => ({
              username,
              password: hash,
              ...(labels !== undefined && { labels }),
            })),
          ),
      );
    },
    async setHash(username, hash) {
      await withClient((client) =>
        client
          .db('docker_auth')
          .collection('users')
          .updateOne({ username }, { $set: { password: hash } }),
      );
    },
    setRules: ruleKeeper(
      (rule) =>
        withClient((client) =>
          client
            .db('docker_auth')
            .collection('acl')
            .insertOne({ ...rule }),
        ),
      (seq) => withClient((client) => client.db('docker_auth').collection('acl').deleteOne({ seq })),
    ),
    made: () =>
      withClient(async (client) => {
        const database = client.db('docker_auth');
        const collections = await database.listCollections().toArray();
        const each = collections.map(async ({ name }) => {
          const indexes = await database.collection(name).indexes();
          return indexes
            .filter(({ unique }) => unique === true)
            .map(({ key }) => `${name} ${Object.keys(key).join()}`);
        });
        return (await Promise.all(each)).flat().toSorted();
      }),
    takeAway: () => server.kill(),
    async bringBack() {
      server = await boot();
    },
    end: () => server.kill(),
  };
}
