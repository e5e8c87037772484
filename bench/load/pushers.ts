import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { digestOf } from '../../src/oci/digest.ts';
import type { SigningKey } from '../keys.ts';
import type { RunningServer } from '../server/server.ts';
import { signToken } from '../tokens.ts';

const TYPE = 'application/vnd.docker.distribution.manifest.v2+json';
const LAYER_BYTES = 4096;

/** Sends a request and reads its answer. @throws {Error} for an answer that is no success */
export function send(
  agent: Agent,
  port: number,
  options: { method: string; path: string; token: string; type?: string; body?: Uint8Array | string },
): Promise<string> {
  const { method, path, token, type, body } = options;
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(type !== undefined && { 'content-type': type }),
      ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
    };
    const sent = request({ host: '127.0.0.1', port, method, path, headers, agent }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      answer.on('end', () => {
        const { statusCode = 0 } = answer;
        if (statusCode < 300) resolve(text);
        else reject(new Error(`${method} ${path}: ${statusCode} ${text}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

async function pushOne(agent: Agent, port: number, repository: string, token: string): Promise<void> {
  const layer = randomBytes(LAYER_BYTES);
  const config = Buffer.from(JSON.stringify({ architecture: 'amd64', of: digestOf(layer) }));
  for (const body of [layer, config]) {
    const path = `/v2/${repository}/blobs/uploads/?digest=${encodeURIComponent(digestOf(body))}`;
    await send(agent, port, { method: 'POST', path, token, type: 'application/octet-stream', body });
  }
  const part = (mediaType: string, bytes: Buffer) => ({
    ...{ mediaType, size: bytes.length, digest: digestOf(bytes) },
  });
  const body = JSON.stringify({
    ...{ schemaVersion: 2, mediaType: TYPE },
    config: part('application/vnd.docker.container.image.v1+json', config),
    layers: [part('application/vnd.docker.image.rootfs.diff.tar.gzip', layer)],
  });
  await send(agent, port, {
    ...{ method: 'PUT', path: `/v2/${repository}/manifests/latest`, token, type: TYPE, body },
  });
}

/**
 * Clients that push small images, each to a repository of its own and one after the other.
 * @param isOver asked before each push
 * @returns how long each push took, milliseconds
 */
export async function pushUntil(
  { server, key, clients }: { server: RunningServer; key: SigningKey; clients: number },
  isOver: () => boolean,
): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const times: number[] = [];
  try {
    const client = async (number: number): Promise<void> => {
      const repository = `bench/push-${number}`;
      const token = await signToken(key, repository);
      while (!isOver()) {
        const began = performance.now();
        await pushOne(agent, server.port, repository, token);
        times.push(performance.now() - began);
      }
    };
    await Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
    return times;
  } finally {
    agent.destroy();
  }
}
