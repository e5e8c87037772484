import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder } from './root.ts';
import { run } from './run.ts';
import { type Server, startServer } from './server.ts';

/** A docker engine of the suite's own. */
export interface Engine {
  /** for DOCKER_HOST */
  readonly host: string;
  readonly description: string;
  /** overlay2, or vfs where the file system refuses the other */
  readonly storageDriver: StorageDriver;
  output(): string;
  stop(): Promise<void>;
}

export type StorageDriver = (typeof DRIVERS)[number];

const DRIVERS = ['overlay2', 'vfs'] as const;

/** Debian's client, never another one of the same name: it is of the engine's version. */
export const DOCKER = '/usr/bin/docker';

/**
 * Starts containerd and dockerd without a network of their own, with everything they keep in
 * one folder. Storage driver overlay2; vfs where the file system refuses it.
 */
export async function startEngine(): Promise<Engine> {
  const place = folder('d');
  const containerd = await startContainerd(place);
  const failures: string[] = [];
  for (const driver of DRIVERS) {
    try {
      const dockerd = await startDockerd(place, driver);
      const host = `unix://${join(place, 'docker.sock')}`;
      const format = 'engine {{.Server.Version}} (API {{.Server.APIVersion}}), client {{.Client.Version}}';
      const version = await run(DOCKER, ['version', '--format', format], { env: { DOCKER_HOST: host } });
      if (version.code !== 0) throw new Error(`${DOCKER} does not fit the engine: ${version.all}`);
      return {
        host,
        storageDriver: driver,
        description: `docker ${version.stdout.trim()}, ${driver}`,
        output: () => dockerd.output(),
        async stop() {
          await dockerd.stop();
          await containerd.stop();
        },
      };
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  await containerd.stop();
  throw new Error(`dockerd does not start:\n${failures.join('\n\n')}`);
}

function startContainerd(place: string): Promise<Server> {
  const config = join(place, 'containerd.toml');
  // The Kubernetes plugin would want a network configuration and a port.
  writeFileSync(
    config,
    [
      'version = 2',
      `root = "${join(place, 'c')}"`,
      `state = "${join(place, 'cs')}"`,
      'disabled_plugins = ["io.containerd.grpc.v1.cri"]',
      '[grpc]',
      `address = "${join(place, 'c.sock')}"`,
    ].join('\n'),
  );
  return startServer({
    name: 'containerd',
    command: '/usr/bin/containerd',
    args: ['--config', config],
    ready: async (server) => server.output().includes('containerd successfully booted'),
  });
}

function startDockerd(place: string, driver: string): Promise<Server> {
  writeFileSync(join(place, 'daemon.json'), '{}');
  return startServer({
    name: `dockerd-${driver}`,
    command: '/usr/sbin/dockerd',
    args: [
      ...[
        '--config-file',
        join(place, 'daemon.json'),
        '--iptables=false',
        '--ip6tables=false',
        '--bridge=none',
      ],
      ...['--data-root', join(place, 'data'), '--exec-root', join(place, 'exec')],
      ...['--pidfile', join(place, 'docker.pid'), '--containerd', join(place, 'c.sock')],
      ...['-H', `unix://${join(place, 'docker.sock')}`, '--storage-driver', driver],
    ],
    timeout: 60_000,
    ready: async (server) => server.output().includes('API listen on'),
  });
}
