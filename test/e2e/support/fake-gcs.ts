import { goProgram } from './go.ts';
import { folder } from './root.ts';
import { freePort, type Server, startServer } from './server.ts';

/** 1.54 and before overlook conditions on uploads. */
const MODULE = 'github.com/fsouza/fake-gcs-server@v1.56.1';

/**
 * A server that speaks Google Cloud Storage's API: the one that BERTH_FAKE_GCS names, an installed one, or one that Go
 * builds now.
 * @returns undefined where there is none to be had
 */
export function findFakeGcs(): Promise<string | undefined> {
  return goProgram('BERTH_FAKE_GCS', 'fake-gcs-server', MODULE);
}

export interface FakeGcs {
  readonly server: Server;
  /** `http://127.0.0.1:port` */
  readonly url: string;
}

/** Starts it with one empty bucket, `logins`. */
export async function startFakeGcs(program: string): Promise<FakeGcs> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = await startServer({
    ...{ name: 'fake-gcs-server', command: program, cwd: folder('fake-gcs-data') },
    args: ['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port), '-backend', 'memory'],
    ready: () =>
      fetch(`${url}/storage/v1/b?project=x`).then(
        ({ ok }) => ok,
        () => false,
      ),
  });
  const made = await fetch(`${url}/storage/v1/b?project=x`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'logins' }),
  });
  if (!made.ok) throw new Error(`no bucket: ${made.status} ${await made.text()}`);
  return { server, url };
}
