import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import type { Certificate } from '../certificates.ts';
import { folder } from '../root.ts';
import { must } from '../run.ts';
import { freePort, type Server, startServer } from '../server.ts';
import type { TestDatabase } from './database.ts';
import { type Ask, sqlTables, xormSections } from './sql.ts';

/** Has every character that ends something in a data source name, save those that it cannot have. */
const PASSWORD = 'p@ss:w/o?r(d)&%41';
const COLUMNS =
  "SELECT table_name, column_name, column_type FROM information_schema.columns WHERE table_schema = 'docker_auth'";

/**
 * A MariaDB of our own, with one user and an empty database.
 * @param certificate with it, it speaks TLS as well
 */
export async function startMariaDb(
  certificate?: Certificate,
): Promise<TestDatabase & { readonly port: number }> {
  const place = folder('mariadb');
  const data = join(place, 'data');
  const socket = join(place, 's');
  const port = await freePort();
  await must('mariadb-install-db', [
    ...['--no-defaults', `--datadir=${data}`, '--user=root', '--auth-root-authentication-method=normal'],
    // Two that are made at once would take each other's temporary tables.
    ...['--skip-test-db', '--innodb-log-file-size=4M', `--tmpdir=${place}`],
  ]);
  const connectedBy = async <T>(
    options: { user: string; password: string; database?: string },
    use: (ask: Ask) => Promise<T>,
  ) => {
    const connection = await createConnection({ socketPath: socket, ...options });
    try {
      return await use(async (statement, values = []) => {
        const [rows] = await connection.query(statement, [...values]);
        return Array.isArray(rows) ? rows : [];
      });
    } finally {
      await connection.end();
    }
  };
  const asRoot: Ask = (statement, values) =>
    connectedBy({ user: 'root', password: '' }, (ask) => ask(statement, values));
  const boot = (): Promise<Server> =>
    startServer({
      name: 'mariadb',
      command: 'mariadbd',
      args: [
        ...['--no-defaults', '--user=root', `--datadir=${data}`, `--socket=${socket}`, `--port=${port}`],
        ...['--bind-address=127.0.0.1', `--pid-file=${place}/pid`, '--innodb-buffer-pool-size=16M'],
        '--innodb-log-file-size=4M',
        ...(certificate === undefined
          ? []
          : [`--ssl-cert=${certificate.certificateFile}`, `--ssl-key=${certificate.keyFile}`]),
      ],
      ready: () =>
        asRoot('SELECT 1').then(
          () => true,
          () => false,
        ),
    });
  let server = await boot();
  await asRoot('CREATE DATABASE docker_auth CHARACTER SET utf8mb4');
  await asRoot("CREATE USER 'berth'@'%' IDENTIFIED BY ?", [PASSWORD]);
  await asRoot("GRANT ALL ON docker_auth.* TO 'berth'@'%'");
  const ask: Ask = (statement, values) =>
    connectedBy({ user: 'root', password: '', database: 'docker_auth' }, (own) => own(statement, values));
  return {
    kind: 'mysql',
    port,
    secret: PASSWORD,
    sections: (cacheTtl) =>
      xormSections('mysql', `berth:${PASSWORD}@tcp(127.0.0.1:${port})/docker_auth?charset=utf8`, cacheTtl),
    ...sqlTables(ask, () => ask(COLUMNS)),
    async narrow() {
      await ask("DELETE FROM xorm_user WHERE username LIKE 'o%'");
      await ask('ALTER TABLE xorm_user CONVERT TO CHARACTER SET latin1');
    },
    takeAway: () => server.kill(),
    async bringBack() {
      server = await boot();
    },
    end: () => server.kill(),
  };
}
