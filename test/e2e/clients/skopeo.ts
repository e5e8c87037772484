import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { builtImage, ociLayout } from '../support/images.ts';
import { folder } from '../support/root.ts';
import type { Client } from './client.ts';
import { newStore } from './store.ts';

/** skopeo has no store: its local images are OCI layouts, a folder an image. */
export function skopeo(): Client {
  const store = newStore();
  const layouts = new Map<string, string>();
  const local = (ref: string) => {
    const place = layouts.get(ref);
    if (place === undefined) throw new Error(`no local image ${ref}`);
    return place;
  };
  return {
    name: 'skopeo',
    mounted: undefined,
    login: (host, account, password) =>
      store.run('skopeo', ['login', '--tls-verify=false', '--username', account, '--password-stdin', host], {
        input: password,
      }),
    logout: (host) => store.run('skopeo', ['logout', host]),
    async build(ref, plan) {
      layouts.set(ref, ociLayout(builtImage(plan)));
    },
    async push(ref) {
      const file = join(folder('push'), 'digest');
      const outcome = await store.run('skopeo', [
        ...['copy', '--preserve-digests', '--dest-tls-verify=false', '--digestfile', file],
        ...[`oci:${local(ref)}`, `docker://${ref}`],
      ]);
      return { outcome, digest: outcome.code === 0 ? readFileSync(file, 'utf8').trim() : undefined };
    },
    async pull(ref) {
      const place = folder('pulled');
      const file = join(place, 'digest');
      const outcome = await store.run('skopeo', [
        ...['copy', '--preserve-digests', '--src-tls-verify=false', '--digestfile', file],
        ...[`docker://${ref}`, `oci:${join(place, 'layout')}`],
      ]);
      if (outcome.code !== 0) return { outcome, digest: undefined };
      layouts.set(ref, join(place, 'layout'));
      return { outcome, digest: readFileSync(file, 'utf8').trim() };
    },
    async identity(ref) {
      const index: { manifests: { digest: string }[] } = JSON.parse(
        readFileSync(join(local(ref), 'index.json'), 'utf8'),
      );
      return index.manifests[0]?.digest ?? '';
    },
    async empty() {
      for (const place of layouts.values()) rmSync(place, { recursive: true });
      layouts.clear();
    },
  };
}
