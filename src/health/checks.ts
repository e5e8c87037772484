import { stat } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Check } from './check.ts';

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code);
  return error instanceof Error ? error.name : String(error);
}

/** Fails while the file exists: a way to take a registry out of service (distribution `health/checks`). */
export function fileCheck(file: string): Check {
  return async () => {
    const found = await stat(file).catch((error: unknown) => {
      const code = codeOf(error);
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      throw new Error(`cannot look for the file: ${code}`, { cause: error });
    });
    if (found !== undefined) throw new Error('file exists');
  };
}

/** Fails where HEAD gets another status, redirects followed (distribution `health/checks`). */
export function httpCheck(options: {
  readonly uri: string;
  readonly headers: readonly [string, string][];
  readonly status: number;
}): Check {
  const headers = new Headers();
  for (const [name, value] of options.headers) headers.append(name, value);
  return async (signal) => {
    const response = await fetch(options.uri, { method: 'HEAD', headers, signal }).catch((error: unknown) => {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      throw new Error(`error while checking: ${codeOf(cause)}`, { cause: error });
    });
    if (response.status !== options.status) {
      throw new Error(`downstream service returned unexpected status: ${response.status}`);
    }
  };
}

/** Fails where no connection can be made. */
export function tcpCheck(host: string, port: number): Check {
  return (signal) =>
    new Promise((resolve, reject) => {
      const socket = connect({ host, port, signal });
      socket.once('connect', () => {
        socket.destroy();
        resolve();
      });
      socket.once('error', (error) => {
        reject(new Error(`connection failed: ${codeOf(error)}`, { cause: error }));
      });
    });
}
