import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { folder } from '../support/root.ts';
import { type Outcome, type RunOptions, run } from '../support/run.ts';

/** The world of one of podman, skopeo, buildah: its image store, its login file, its caches. */
export interface Store {
  /** Runs a program that sees this store as the machine's own. */
  run(command: string, args: readonly string[], options?: RunOptions): Promise<Outcome>;
  /** Starts over with an empty image store; logins and caches stay. */
  renew(): void;
}

/*
 * These tools keep part of their state where no option reaches: /var/lib/containers/cache, /run/libpod. So each
 * runs in a mount namespace in which /run and /var/lib are folders of ours; its overlay mounts end with it.
 */
const ENTER = 'mount --bind "$1" /run && mount --bind "$2" /var/lib && shift 2 && exec "$@"';

export function newStore(): Store {
  const place = folder('store');
  const at = (name: string) => {
    const path = join(place, name);
    mkdirSync(path, { recursive: true });
    return path;
  };
  const configuration = join(place, 'storage.conf');
  const logins = join(place, 'auth.json');
  // podman and buildah refuse to start when the file that the variable names is not there.
  writeFileSync(logins, '{}');
  let generation = 0;
  // overlayfs refuses to lie on overlayfs: the engine has tried already.
  const driver = inject('bed').storageDriver === 'vfs' ? 'vfs' : 'overlay';
  const renew = () => {
    generation += 1;
    writeFileSync(
      configuration,
      `[storage]\ndriver = "${driver}"\ngraphroot = "${at(`g${generation}`)}"\nrunroot = "${at(`r${generation}`)}"\n`,
    );
  };
  renew();
  const env = {
    CONTAINERS_STORAGE_CONF: configuration,
    REGISTRY_AUTH_FILE: logins,
    BUILDAH_ISOLATION: 'chroot',
  };
  return {
    renew,
    run: (command, args, options = {}) =>
      run(
        'unshare',
        ['--mount', 'sh', '-c', ENTER, 'sh', at(`run${generation}`), at('lib'), command, ...args],
        {
          ...options,
          env: { ...env, ...options.env },
        },
      ),
  };
}

/** @throws Error with what it printed, when it failed */
export async function succeeded(outcome: Promise<Outcome>): Promise<Outcome> {
  const done = await outcome;
  if (done.code !== 0) throw new Error(`${done.line}\nended with ${done.code}:\n${done.all}`);
  return done;
}
