import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answers } from './http.ts';
import type { Registry } from './registry.ts';
import { folder } from './root.ts';
import { freePort, type Server, startServer } from './server.ts';

/** Debian's registry 2.8.2, configured by the environment but for what it insists on having in a file. */
export async function dockerRegistry(auth: Readonly<Record<string, string>>): Promise<Registry> {
  const place = folder('registry2');
  const config = join(place, 'config.yml');
  writeFileSync(config, `version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: ${join(place, 'data')}\n`);
  const port = await freePort();
  const server: Server = await startServer({
    name: 'docker-registry',
    command: '/usr/bin/docker-registry',
    args: ['serve', config],
    env: { ...auth, REGISTRY_HTTP_ADDR: `127.0.0.1:${port}` },
    ready: () => answers(`http://127.0.0.1:${port}/v2/`),
  });
  return { port, output: () => server.output(), stop: () => server.stop() };
}
