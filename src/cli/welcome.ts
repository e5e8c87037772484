import { resolve } from 'node:path';
import type { RegistryConfig } from '../config/registry-config.ts';
import type { RunningServer } from '../http/server.ts';
import { ADMIN, type AdminOutcome, COMMAND } from './passwords.ts';

const ANY_INTERFACE = new Set(['0.0.0.0', '::']);

/** The address that a client on this machine would use. */
export function clientAddress(address: RunningServer['address']): string {
  if ('path' in address) return address.path;
  const { host, port } = address;
  if (ANY_INTERFACE.has(host)) return `localhost:${port}`;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Tells on standard output where the registry is and, after its very first start, how to use it. */
export function welcome(started: {
  server: RunningServer;
  debugServer: RunningServer | undefined;
  config: RegistryConfig;
  /** The file that it came from. */
  file: string | undefined;
  admin: AdminOutcome | undefined;
}): void {
  const { server, debugServer, config, file, admin } = started;
  const address = clientAddress(server.address);
  const scheme = config.http.tls === undefined ? 'http' : 'https';
  const url = 'path' in server.address ? address : `${scheme}://${address}`;
  const data = `data: ${resolve(config.storage.rootDirectory)}`;
  const from = file === undefined ? data : `configuration: ${file}, ${data}`;
  const lines = [`Berth is ready at ${url} (${from})`];
  if (debugServer !== undefined) {
    const { metricsPath } = config.http.debug ?? {};
    const paths = ['/debug/health', '/debug/vars', ...(metricsPath === undefined ? [] : [metricsPath])];
    lines.push(`The debug server is at http://${clientAddress(debugServer.address)} (${paths.join(', ')})`);
  }
  if (admin?.kind === 'created') lines.push('', ...firstSteps(address, admin.password));
  if (admin?.kind === 'existing') {
    lines.push(
      admin.name === undefined
        ? `There is no administrator; this makes one: ${COMMAND} user add ${ADMIN} --admin`
        : `Log in as ${admin.name}. A lost password is replaced by: ${COMMAND} user passwd ${admin.name}`,
    );
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}

function firstSteps(address: string, password: string | undefined): string[] {
  const login = `docker login --username ${ADMIN}`;
  const intro =
    password === undefined
      ? [`The account "${ADMIN}" was created with the password given in the environment.`]
      : [`The account "${ADMIN}" was created. Its password is shown only this once:`, '', `    ${password}`];
  return [
    ...intro,
    '',
    'Try it:',
    '',
    password === undefined ? `    ${login} ${address}` : `    ${login} --password ${password} ${address}`,
    `    docker tag hello-world ${address}/hello-world`,
    `    docker push ${address}/hello-world`,
    '',
  ];
}
