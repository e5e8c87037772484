import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

/** A program that the suite runs, and the Debian package that has it. */
const NEEDED = {
  'docker.io': ['/usr/sbin/dockerd', '/usr/bin/containerd'],
  podman: ['/usr/bin/podman'],
  skopeo: ['/usr/bin/skopeo'],
  buildah: ['/usr/bin/buildah'],
  'docker-registry': ['/usr/bin/docker-registry'],
  curl: ['/usr/bin/curl'],
  nginx: ['/usr/sbin/nginx'],
  jq: ['/usr/bin/jq'],
  openssl: ['/usr/bin/openssl'],
  'mariadb-server': ['/usr/sbin/mariadbd'],
  postgresql: ['/usr/lib/postgresql'],
  'apache2-utils': ['/usr/bin/htpasswd'],
  'redis-server': ['/usr/bin/redis-server', '/usr/bin/redis-cli'],
  chromium: ['/usr/bin/chromium'],
  slapd: ['/usr/sbin/slapd', '/usr/sbin/slapadd'],
} as const;

const CLIENT = '/usr/bin/docker';
const POLICY = '/usr/sbin/policy-rc.d';

/**
 * Installs the packages that are missing.
 *
 * @throws Error that says what is missing and why it could not be had
 */
export function installPackages(): void {
  const missing = Object.entries(NEEDED)
    .filter(([, files]) => files.some((file) => !existsSync(file)))
    .map(([name]) => name);
  if (!existsSync(CLIENT) && !missing.includes(clientPackage())) missing.push(clientPackage());
  if (missing.length === 0) return;
  const command = `apt-get install ${missing.join(' ')}`;
  if (process.getuid?.() !== 0) {
    throw new Error(`The end-to-end tests need packages that are not installed; run as root: ${command}`);
  }
  if (!existsSync('/usr/bin/apt-get')) {
    throw new Error(`The end-to-end tests need ${missing.join(', ')}, and this is not Debian: install them.`);
  }
  process.stdout.write(`installing ${missing.join(' ')}\n`);
  try {
    if (!install(missing)) {
      apt(['update']);
      if (!install(missing)) throw new Error('the packages are still not there');
    }
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new Error(
      `The end-to-end tests need packages that could not be installed by "${command}": ${detail}`,
    );
  }
}

/** The client is in docker.io up to Debian 12 and in a package of its own from 13 on. */
function clientPackage(): string {
  const version = /^VERSION_ID="?(\d+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  return Number(version ?? 13) >= 13 ? 'docker-cli' : 'docker.io';
}

function install(names: readonly string[]): boolean {
  try {
    apt(['install', '--yes', '--no-install-recommends', ...names]);
    return names
      .flatMap((name) => NEEDED[name as keyof typeof NEEDED] ?? [])
      .every((file) => existsSync(file));
  } catch {
    return false;
  }
}

function apt(args: readonly string[]): void {
  // Installed for their programs: the services in them shall not start because of a test. Debian's way to say
  // so is this file (policy-rc.d.spec); a machine that has one keeps it.
  const made = !existsSync(POLICY);
  if (made) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    execFileSync('apt-get', ['-qq', '-o', 'Dpkg::Use-Pty=0', ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  } finally {
    if (made) rmSync(POLICY, { force: true });
  }
}
