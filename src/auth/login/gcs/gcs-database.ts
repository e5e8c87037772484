import { isRecord } from '../../../oci/descriptor.ts';
import { readRecord } from '../json.ts';
import { type StoredDocument, type TokenDatabase, TokenDatabaseAway } from '../token-database.ts';
import type { AccessTokens } from './access-token.ts';
import { type Answer, type Patience, patientFetch } from './patient-fetch.ts';

/** A bucket, and how it is asked. */
export interface GcsOptions {
  readonly bucket: string;
  /** `https://storage.googleapis.com`, or what stands in for it; without a slash at the end. */
  readonly endpoint: string;
  /** undefined: a stand-in that wants none */
  readonly tokens: AccessTokens | undefined;
  readonly patience: Patience;
  /** Ended by `close`. */
  readonly closing: AbortController;
}

interface Question {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly body?: string;
}

/** What a request needs, by its method. */
const PERMISSIONS: Readonly<Record<string, string>> = {
  GET: 'storage.objects.get',
  POST: 'storage.objects.create and storage.objects.delete',
  DELETE: 'storage.objects.delete',
};
const MAX_NAME_BYTES = 1024;

/**
 * docker_auth's token database in Google Cloud Storage: one object for each account, whose name is the account
 * (tokendb_gcs.go). The version is the object's generation, and each change names the one that it replaces.
 */
export class GcsTokenDatabase implements TokenDatabase {
  readonly #options: GcsOptions;
  #isBucketKnown = false;

  constructor(options: GcsOptions) {
    this.#options = options;
  }

  async find(account: string): Promise<StoredDocument | undefined> {
    if (!isPossibleName(account)) return undefined;
    return this.#asking(async () => {
      const answer = await this.#ask({ path: this.#objectPath(account), query: { alt: 'media' } });
      const { status, headers, text } = answer;
      if (status === 404) {
        await this.#expectBucket(answer);
        return undefined;
      }
      const version = headers.get('x-goog-generation');
      if (status !== 200 || version === null) throw this.#unexpected('GET', answer);
      return { document: text, version };
    });
  }

  replace(account: string, document: string, expected: string | undefined): Promise<string | undefined> {
    return this.#asking(async () => {
      if (!isPossibleName(account)) throw new Error('Google Cloud Storage has no object of such a name');
      const answer = await this.#ask({
        method: 'POST',
        path: `/upload/storage/v1/b/${encodeURIComponent(this.#options.bucket)}/o`,
        query: {
          ...{ uploadType: 'media', name: account },
          // None: there must be no such object.
          ifGenerationMatch: expected ?? '0',
        },
        body: document,
      });
      if (answer.status === 404) await this.#expectBucket(answer);
      if (answer.status === 412)
        return answer.isRepeated ? this.#writtenBefore(account, document) : undefined;
      const version = generationOf(answer.text);
      if (answer.status !== 200 || version === undefined) throw this.#unexpected('POST', answer);
      return version;
    });
  }

  async remove(account: string, expected: string): Promise<boolean> {
    if (!isPossibleName(account)) return false;
    return this.#asking(async () => {
      const answer = await this.#ask({
        method: 'DELETE',
        path: this.#objectPath(account),
        query: { ifGenerationMatch: expected },
      });
      if (answer.status === 412) return false;
      // It is gone: by the attempt whose answer was lost, most likely.
      if (answer.status === 404) return answer.isRepeated;
      if (answer.status !== 200 && answer.status !== 204) throw this.#unexpected('DELETE', answer);
      return true;
    });
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    this.#options.closing.abort(new Error('the token database was closed'));
  }

  #objectPath(account: string): string {
    const { bucket } = this.#options;
    return `/storage/v1/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(account)}`;
  }

  /** An attempt whose answer was lost may have been the one that somebody else is taken for. */
  async #writtenBefore(account: string, document: string): Promise<string | undefined> {
    const found = await this.find(account);
    return found?.document === document ? found.version : undefined;
  }

  /** Google answers 404 to both; only a bucket that is there answers 403 to those who may not look at it. */
  async #expectBucket({ text }: Answer): Promise<void> {
    if (/bucket does not exist/i.test(text)) this.#isBucketKnown = false;
    if (this.#isBucketKnown) return;
    const answer = await this.#ask({
      path: `/storage/v1/b/${encodeURIComponent(this.#options.bucket)}`,
      query: { fields: 'name' },
    });
    if (answer.status === 404) {
      throw new Error('there is no such bucket; make it, or write another one as bucket');
    }
    if (answer.status !== 200 && answer.status !== 403) throw this.#unexpected('GET', answer);
    this.#isBucketKnown = true;
  }

  async #asking<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof TokenDatabaseAway) throw error;
      throw new TokenDatabaseAway(`gs://${this.#options.bucket}`, error);
    }
  }

  async #ask(question: Question): Promise<Answer> {
    const { tokens, patience, closing, endpoint } = this.#options;
    const { path, query = {}, method = 'GET', body } = question;
    const url = `${endpoint}${path}?${new URLSearchParams(query)}`;
    const once = async (): Promise<{ answer: Answer; token: string | undefined }> => {
      let token: string | undefined;
      const request = async () => {
        token = await tokens?.token();
        const headers = new Headers({ 'User-Agent': 'berth' });
        if (token !== undefined) headers.set('Authorization', `Bearer ${token}`);
        if (body !== undefined) headers.set('Content-Type', 'application/json');
        return { url, init: { method, headers, ...(body !== undefined && { body }) } };
      };
      const answer = await patientFetch(request, patience, closing.signal);
      return { answer, token };
    };
    const first = await once();
    if (first.answer.status !== 401 || first.token === undefined) return first.answer;
    // It was revoked, or the clocks differ.
    tokens?.drop(first.token);
    const { answer } = await once();
    return first.answer.isRepeated ? { ...answer, isRepeated: true } : answer;
  }

  #unexpected(method: string, answer: Answer): Error {
    const { tokens } = this.#options;
    const said = `Google answers ${answer.status}${messageOf(answer.text)}`;
    const who = tokens?.email ?? 'this service';
    if (answer.status === 403) {
      return new Error(
        `${said}; give ${who} the role "Storage Object User" on the bucket (${PERMISSIONS[method]} is what it needs here)`,
      );
    }
    if (answer.status === 401) return new Error(`${said}; the key of ${who} is not accepted: make a new one`);
    return new Error(said);
  }
}

/** What Google Cloud Storage takes for a name, and an address for part of a path. */
function isPossibleName(account: string): boolean {
  const isOdd = account === '' || account === '.' || account === '..' || /[\r\n]/.test(account);
  return !isOdd && account.isWellFormed() && Buffer.byteLength(account) <= MAX_NAME_BYTES;
}

function generationOf(text: string): string | undefined {
  const { generation } = readRecord(text) ?? {};
  return typeof generation === 'string' && /^\d+$/.test(generation) ? generation : undefined;
}

/** What Google says, in short: an object with `error.message`, or plain text for what is asked for as media. */
function messageOf(text: string): string {
  const { error } = readRecord(text) ?? {};
  const message = isRecord(error) && typeof error['message'] === 'string' ? error['message'] : text;
  const short = message.replaceAll(/\s+/g, ' ').replaceAll(/\p{C}/gu, '').trim().slice(0, 300);
  return short === '' || short.startsWith('<') || short.startsWith('{') ? '' : `: ${short}`;
}
