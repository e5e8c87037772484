import { join, resolve } from 'node:path';
import type { Certificate } from './certificates.ts';
import { answers } from './http.ts';
import { folder } from './root.ts';
import { type Outcome, run } from './run.ts';
import { freePort, launch, type Server, startServer } from './server.ts';
import { simpleYml } from './simple-yml.ts';

/** The command as a user starts it; BERTH_E2E_COMMAND names another one, an installed package's for example. */
export const BERTH = process.env['BERTH_E2E_COMMAND'] ?? resolve(import.meta.dirname, '../../../bin/berth');

/** A `berth serve` that can be stopped, killed and started again on the same port with the same data. */
export interface BerthServe {
  readonly port: number;
  readonly url: string;
  readonly data: string;
  /** what the process that runs now printed */
  output(): string;
  readonly server: Server;
  stop(): Promise<void>;
  /** kill -9 */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** `berth ARGS` with the same environment, so the same data folder */
  command(args: readonly string[], input?: string): Promise<Outcome>;
}

export interface BerthServeOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly data?: string;
  /** Return at the first answer and not only when it says that it is ready. */
  readonly atFirstAnswer?: boolean;
}

/** Starts `berth serve`, configured by the environment alone. */
export async function berthServe({
  env = {},
  data = join(folder('berth'), 'data'),
  atFirstAnswer = false,
}: BerthServeOptions = {}) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const environment = serveEnvironment(port, data, env);
  const boot = () =>
    startServer({
      name: 'berth-serve',
      command: BERTH,
      args: ['serve'],
      env: environment,
      cwd: folder('cwd'),
      ready: async (server) =>
        (await answers(`${url}/v2/`)) && (atFirstAnswer || server.output().includes('Berth is ready')),
    });
  let server = await boot();
  const serve: BerthServe = {
    port,
    url,
    data,
    output: () => server.output(),
    get server() {
      return server;
    },
    stop: () => server.stop(),
    kill: () => server.kill(),
    async start() {
      server = await boot();
    },
    command: (args, input) =>
      run(BERTH, args, { env: environment, ...(input === undefined ? {} : { input }) }),
  };
  return serve;
}

/** A start that is expected to fail: its exit code and what it printed. */
export async function failingStart(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const server = launch({ name: `berth-${args[0]}`, command: BERTH, args, env, cwd: folder('cwd') });
  const late = setTimeout(() => void server.kill(), 10_000);
  const code = await server.ended;
  clearTimeout(late);
  return { code, output: server.output() };
}

export function serveEnvironment(port: number, data: string, env: Readonly<Record<string, string>>) {
  return {
    REGISTRY_HTTP_ADDR: `127.0.0.1:${port}`,
    REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: data,
    ...env,
  };
}

/** A token service that runs alone. */
export interface BerthAuth {
  readonly port: number;
  readonly realm: string;
  output(): string;
  stop(): Promise<void>;
}

/** Starts `berth auth` with docker_auth's simple.yml and the flags that existing deployments pass. */
export async function berthAuth(
  certificate: Certificate,
  token: readonly string[] = [],
  more: readonly string[] = [],
): Promise<BerthAuth> {
  const port = await freePort();
  const server = await startServer({
    name: 'berth-auth',
    command: BERTH,
    args: ['auth', '--v=2', '--alsologtostderr', simpleYml(port, certificate, token, more)],
    cwd: folder('cwd'),
    ready: () => answers(`https://127.0.0.1:${port}/auth`, certificate.certificate),
  });
  return {
    port,
    realm: `https://localhost:${port}/auth`,
    output: () => server.output(),
    stop: () => server.stop(),
  };
}
