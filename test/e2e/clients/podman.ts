import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildContext } from '../support/images.ts';
import { folder } from '../support/root.ts';
import type { Client } from './client.ts';
import { newStore, succeeded } from './store.ts';

const INSECURE = '--tls-verify=false';

/**
 * podman or buildah: two programs with the same commands. Podman builds OCI images here and buildah Docker's
 * schema 2, so that both kinds are pushed.
 */
export function podman(name: 'podman' | 'buildah'): Client {
  const store = newStore();
  const ask = (...args: readonly string[]) => store.run(name, args);
  const format = name === 'podman' ? 'oci' : 'docker';
  return {
    name,
    mounted: undefined,
    login: (host, account, password) =>
      store.run(name, ['login', INSECURE, '--username', account, '--password-stdin', host], {
        input: password,
      }),
    logout: (host) => ask('logout', host),
    async build(ref, plan, base) {
      const context = buildContext(plan, base);
      await succeeded(ask('build', '--layers', '--quiet', '--format', format, '--tag', ref, context));
    },
    async push(ref) {
      const file = join(folder('push'), 'digest');
      const outcome = await ask('push', INSECURE, '--digestfile', file, ref);
      return { outcome, digest: outcome.code === 0 ? readFileSync(file, 'utf8').trim() : undefined };
    },
    async pull(ref) {
      const outcome = await ask('pull', INSECURE, ref);
      if (outcome.code !== 0) return { outcome, digest: undefined };
      const inspect =
        name === 'podman'
          ? ['image', 'inspect', '--format', '{{.Digest}}', ref]
          : ['inspect', '--type', 'image', '--format', '{{.FromImageDigest}}', ref];
      return { outcome, digest: (await succeeded(ask(...inspect))).stdout.trim() };
    },
    async identity(ref) {
      const format = name === 'podman' ? '{{.Id}}' : '{{.FromImageID}}';
      const inspect = name === 'podman' ? ['image', 'inspect'] : ['inspect', '--type', 'image'];
      return (await succeeded(ask(...inspect, '--format', format, ref))).stdout.trim();
    },
    async empty() {
      store.renew();
    },
  };
}
