import { Agent, request } from 'node:http';
import { type BuiltImage, OCI_MANIFEST, sha256 } from './images.ts';

/** What a server answered. */
export interface Brief {
  readonly status: number;
  readonly digest: string;
  readonly type: string;
  /** of the body */
  readonly sha256: string;
  readonly text: string;
  readonly location: string | undefined;
}

/** Sends many small requests on few connections. */
export class Connections {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 12 });
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  ask(method: string, path: string, body?: Buffer, type?: string): Promise<Brief> {
    return new Promise((resolve, reject) => {
      const sent = request({
        ...{ agent: this.#agent, host: '127.0.0.1', port: this.#port, method, path },
        headers: {
          accept: `${OCI_MANIFEST}, application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.v2+json`,
          'content-length': body?.length ?? 0,
          ...(type === undefined ? {} : { 'content-type': type }),
        },
      });
      sent.on('error', reject);
      sent.on('response', (answer) => {
        const pieces: Buffer[] = [];
        answer.on('data', (piece: Buffer) => pieces.push(piece));
        answer.on('error', reject);
        answer.on('end', () => {
          const content = Buffer.concat(pieces);
          resolve({
            status: answer.statusCode ?? 0,
            digest: String(answer.headers['docker-content-digest'] ?? ''),
            type: String(answer.headers['content-type'] ?? ''),
            sha256: sha256(content),
            text: content.toString('utf8'),
            location: answer.headers.location,
          });
        });
      });
      sent.end(body);
    });
  }

  async pushBlob(repository: string, content: Buffer): Promise<void> {
    const opened = await this.ask('POST', `/v2/${repository}/blobs/uploads/`);
    const target = new URL(opened.location ?? '', `http://127.0.0.1:${this.#port}`);
    target.searchParams.set('digest', sha256(content));
    const { status, text } = await this.ask(
      'PUT',
      target.pathname + target.search,
      content,
      'application/octet-stream',
    );
    if (status !== 201) throw new Error(`a blob was refused with ${status}: ${text}`);
  }

  async mount(repository: string, digest: string, from: string): Promise<void> {
    const path = `/v2/${repository}/blobs/uploads/?mount=${digest}&from=${from}`;
    const { status, text } = await this.ask('POST', path);
    if (status !== 201) throw new Error(`a mount was refused with ${status}: ${text}`);
  }

  async putManifest(repository: string, reference: string, image: BuiltImage): Promise<void> {
    const path = `/v2/${repository}/manifests/${reference}`;
    const { status, text } = await this.ask('PUT', path, image.manifest, image.mediaType);
    if (status !== 201) throw new Error(`a manifest was refused with ${status}: ${text}`);
  }

  async pushImage(repository: string, reference: string, image: BuiltImage): Promise<void> {
    for (const { content } of image.blobs) await this.pushBlob(repository, content);
    await this.putManifest(repository, reference, image);
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Does it for each, some at the same time. */
export async function forEach<T>(items: readonly T[], action: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const lane = async (): Promise<void> => {
    for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) await action(item);
  };
  await Promise.all(Array.from({ length: 12 }, lane));
}
