import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { jwtVerify } from 'jose';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
export const EMAIL = 'berth@project.iam.gserviceaccount.com';

interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What happens to a request in the place of an answer; `lost`: it is carried out, and the answer never comes. */
export type Fault = Reply | 'lost' | 'silent' | 'cut';

/**
 * What Google Cloud Storage and Google's token endpoint do, as far as it is documented: tokens for signed assertions,
 * objects with generations, conditions. With one bucket, `logins`.
 */
export class GcsStandIn {
  readonly objects = new Map<string, { readonly document: string; readonly generation: string }>();
  /** Method and path of everything that was asked. */
  readonly asked: string[] = [];
  /** What happens to the next requests, by what the method and path begin with. */
  readonly faults: { readonly to: string; readonly fault: Fault }[] = [];
  /** Whether it is an emulator, which asks for no token. */
  isOpen = false;
  /** How long tokens hold that are given from now on. */
  tokenSeconds = 3_600;
  readonly #server: Server;
  readonly #tokens = new Set<string>();
  #generation = 1_700_000_000_000_000n;

  private constructor() {
    this.#server = createServer((request, response) => {
      void this.#answer(request).then((reply) => {
        if (reply === undefined) return;
        if (reply === 'cut') return response.destroy();
        const isText = typeof reply.body === 'string';
        response.writeHead(reply.status, {
          'content-type': isText ? 'text/plain' : 'application/json',
          ...reply.headers,
        });
        return response.end(isText ? reply.body : JSON.stringify(reply.body ?? {}));
      });
    });
  }

  static async start(): Promise<GcsStandIn> {
    const standIn = new GcsStandIn();
    standIn.#server.listen(0, '127.0.0.1');
    await once(standIn.#server, 'listening');
    return standIn;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The text of a key file for it. */
  keyFile(more: object = {}): string {
    return JSON.stringify({
      ...{ type: 'service_account', project_id: 'project', private_key_id: 'key-1', private_key: PEM },
      ...{ client_email: EMAIL, token_uri: `${this.url}/token`, ...more },
    });
  }

  revokeTokens(): void {
    this.#tokens.clear();
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage): Promise<Reply | 'cut' | undefined> {
    const { pathname, searchParams } = new URL(request.url ?? '', this.url);
    const question = `${request.method} ${pathname}`;
    this.asked.push(question);
    const body = await text(request);
    const at = this.faults.findIndex(({ to }) => question.startsWith(to));
    const fault = at < 0 ? undefined : this.faults.splice(at, 1)[0]?.fault;
    if (fault === 'silent') return undefined;
    if (fault !== undefined && fault !== 'lost') return fault;
    const reply = await this.#carriedOut(request, pathname, searchParams, body);
    return fault === 'lost' ? 'cut' : reply;
  }

  async #carriedOut(
    { method, headers }: IncomingMessage,
    path: string,
    query: URLSearchParams,
    body: string,
  ): Promise<Reply> {
    if (path === '/token') return this.#token(body);
    const isKnown = this.isOpen || this.#tokens.has(headers.authorization ?? '');
    if (!isKnown) return failure(401, 'Invalid Credentials');
    const [, bucket = '', name] =
      /^(?:\/upload)?\/storage\/v1\/b\/([^/]+)(?:\/o(?:\/([^/]+))?)?$/.exec(path) ?? [];
    if (bucket !== 'logins') return failure(404, 'Not Found');
    const wanted = query.get('ifGenerationMatch');
    const account = name === undefined ? (query.get('name') ?? '') : decodeURIComponent(name);
    const found = this.objects.get(account);
    if (method === 'POST') {
      if (wanted !== null && wanted !== (found?.generation ?? '0')) return failure(412, 'conditionNotMet');
      this.#generation += 1n;
      const generation = String(this.#generation);
      this.objects.set(account, { document: body, generation });
      return { status: 200, body: { kind: 'storage#object', name: account, generation } };
    }
    // Who may handle objects only may not look at the bucket.
    if (name === undefined) return failure(403, `${EMAIL} does not have storage.buckets.get access`);
    if (found === undefined) {
      return { status: 404, body: `No such object: ${bucket}/${account}` };
    }
    if (method === 'DELETE') {
      if (wanted !== null && wanted !== found.generation) return failure(412, 'conditionNotMet');
      this.objects.delete(account);
      return { status: 204 };
    }
    return {
      ...{ status: 200, body: found.document },
      headers: { 'x-goog-generation': found.generation },
    };
  }

  async #token(body: string): Promise<Reply> {
    const given = new URLSearchParams(body);
    try {
      const { payload, protectedHeader } = await jwtVerify(given.get('assertion') ?? '', publicKey, {
        ...{ issuer: EMAIL, audience: `${this.url}/token`, algorithms: ['RS256'], maxTokenAge: 3_600 },
      });
      const isRight =
        given.get('grant_type') === 'urn:ietf:params:oauth:grant-type:jwt-bearer' &&
        payload['scope'] === 'https://www.googleapis.com/auth/devstorage.read_write' &&
        protectedHeader.kid === 'key-1';
      if (!isRight) return { status: 400, body: { error: 'invalid_request' } };
    } catch {
      return {
        status: 400,
        body: { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' },
      };
    }
    const token = randomUUID();
    this.#tokens.add(`Bearer ${token}`);
    return {
      status: 200,
      body: { access_token: token, expires_in: this.tokenSeconds, token_type: 'Bearer' },
    };
  }
}

function failure(code: number, message: string): Reply {
  return { status: code, body: { error: { code, message } } };
}
