import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Certificate } from './certificates.ts';
import { folder } from './root.ts';
import { must } from './run.ts';
import { freePort, type Server, startServer } from './server.ts';

export const SUFFIX = 'dc=example,dc=org';

/** The account that searches, and the file with its password. */
export const SERVICE_DN = `cn=berth,${SUFFIX}`;
export const SERVICE_PASSWORD = 'the-service-password';

/** Who may change everything. */
export const OWNER_DN = `cn=owner,${SUFFIX}`;
export const OWNER_PASSWORD = 'the-owner';

/** A real OpenLDAP server with its own database. */
export interface Slapd {
  readonly port: number;
  readonly securePort: number;
  /** OpenLDAP's log of connections and operations. */
  output(): string;
  stop(): Promise<void>;
  /** Again, with the same database and on the same ports. */
  start(): Promise<void>;
}

/**
 * Makes a database of `ldif` and starts a server on it. Nobody but the service account may read, save each entry itself;
 * nobody may read passwords.
 * @param access other rules than these
 */
export async function startSlapd(
  ldif: string,
  certificate: Certificate,
  access: readonly string[] = [
    'access to attrs=userPassword by anonymous auth by * none',
    `access to * by dn.exact="${SERVICE_DN}" read by self read by users search by anonymous auth by * none`,
  ],
): Promise<Slapd> {
  const place = folder('slapd');
  const database = join(place, 'db');
  mkdirSync(database);
  const file = join(place, 'slapd.conf');
  const schemas = ['core', 'cosine', 'inetorgperson', 'nis'].map(
    (name) => `include /etc/ldap/schema/${name}.schema`,
  );
  writeFileSync(
    file,
    [
      ...schemas,
      'modulepath /usr/lib/ldap',
      'moduleload back_mdb',
      `pidfile ${join(place, 'slapd.pid')}`,
      `TLSCertificateFile ${certificate.certificateFile}`,
      `TLSCertificateKeyFile ${certificate.keyFile}`,
      'database mdb',
      `suffix "${SUFFIX}"`,
      `rootdn "${OWNER_DN}"`,
      `rootpw ${OWNER_PASSWORD}`,
      `directory ${database}`,
      'maxsize 16777216',
      'dbnosync',
      'index objectClass,uid,member,memberUid eq',
      ...access,
      '',
    ].join('\n'),
  );
  const content = join(place, 'content.ldif');
  writeFileSync(content, ldif);
  await must('/usr/sbin/slapadd', ['-q', '-f', file, '-l', content]);
  const [port, securePort] = [await freePort(), await freePort()];
  const boot = (): Promise<Server> =>
    startServer({
      name: 'slapd',
      command: '/usr/sbin/slapd',
      args: ['-f', file, '-h', `ldap://127.0.0.1:${port} ldaps://127.0.0.1:${securePort}`, '-d', 'stats'],
      ready: () => accepts(port),
    });
  let server = await boot();
  return {
    port,
    securePort,
    output: () => server.output(),
    stop: () => server.stop(),
    async start() {
      server = await boot();
    },
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** The most connections that were open at one time, as the server's log tells. */
export function mostConnections(log: string): number {
  let [open, most] = [0, 0];
  for (const line of log.split('\n')) {
    if (/conn=\d+ fd=\d+ ACCEPT/.test(line)) open += 1;
    else if (/conn=\d+ fd=\d+ closed/.test(line)) open -= 1;
    most = Math.max(most, open);
  }
  return most;
}
