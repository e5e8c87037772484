import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll } from 'vitest';
import { TokenIssuer } from '../../src/auth/token/issue.ts';
import type { BuiltinAuth } from '../../src/cli/builtin-auth.ts';
import { OWN_SERVICE } from '../../src/cli/own-tokens.ts';
import { ensureAdmin } from '../../src/cli/passwords.ts';
import { openState, type State } from '../../src/cli/state.ts';
import { type RegistryProgram, wireRegistry } from '../../src/cli/wire.ts';
import { parseRegistryConfig } from '../../src/config/distribution.ts';
import { type App, isStream, type Reply } from '../../src/http/message.ts';
import { toHttpRequest } from '../../src/http/node-request.ts';
import type { Access } from '../../src/oci/scope.ts';
import type { AccessEntry, Audit, Clock, LogFields, Logger, Metrics } from '../../src/ports.ts';

export const ADMIN_PASSWORD = 'the password of the administrator';

/** A request as it stands on the wire; the target is raw, with its query. */
export interface Sent {
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Bytes, text, or the pieces of a body without a length. */
  /** Where the connection comes from; a Unix socket's has no address. */
  readonly from?: string | undefined;
  readonly body?: Uint8Array | string | readonly (Uint8Array | string)[] | AsyncIterable<Uint8Array>;
  /** The bearer token. */
  readonly token?: string | undefined;
}

/** A reply, read to its end. Header names are in lower case. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The values of a header that may be sent several times, one for each time. */
  all(name: string): readonly string[];
  readonly body: Buffer;
  readonly text: string;
  /** The parsed body. */
  json<T = unknown>(): T;
  /** The codes of an error body; undefined where it is none. */
  readonly codes: readonly string[] | undefined;
}

export interface FrontDoor {
  readonly app: App;
  /** As `berth serve` does once it listens. */
  startJobs(): void;
  /** What is at the debug address. */
  readonly probes: RegistryProgram['probes'];
  readonly state: State;
  readonly folder: string;
  readonly log: RecordedLog;
  /** What the access log was told. */
  readonly accessed: readonly AccessEntry[];
  readonly auth: BuiltinAuth | undefined;
  send(method: string, target: string, sent?: Sent): Promise<Answer>;
  /** A token of this registry's issuer with exactly this access. */
  token(access: readonly Access[], options?: { subject?: string; lifetimeSeconds?: number }): Promise<string>;
  close(): Promise<void>;
}

/** One line of the log. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields;
}

export interface RecordedLog extends Logger {
  readonly lines: LogLine[];
}

export function recordedLog(): RecordedLog {
  const lines: LogLine[] = [];
  const writer =
    (level: LogLine['level']) =>
    (message: string, fields: LogFields = {}): void => {
      lines.push({ level, message, fields });
    };
  return {
    lines,
    debug: writer('debug'),
    info: writer('info'),
    warn: writer('warn'),
    error: writer('error'),
  };
}

export interface FrontDoorOptions {
  /** Lines of YAML: the sections other than `version` and the root directory. */
  readonly config?: string;
  /** Below `storage`, beside the file system driver. */
  readonly storage?: string;
  /** Stands between the registry and what it is kept in, for faults. */
  readonly wrap?: (state: State) => State;
  readonly clock?: Clock;
  readonly metrics?: Metrics;
  readonly audit?: Audit;
  /** Make the account `admin`; its hash takes a moment, and few tests need it. */
  readonly admin?: boolean;
  /** Keep an existing folder's content; it is not removed at the end. */
  readonly folder?: string;
}

export const BUILTIN = 'auth: {builtin: {}}';

async function bytesOf(reply: Reply): Promise<Buffer> {
  const { body } = reply;
  if (body === undefined) return Buffer.alloc(0);
  if (!isStream(body)) return Buffer.from(body);
  const pieces: Buffer[] = [];
  try {
    for (;;) {
      const piece = await body.next();
      if (piece === undefined) return Buffer.concat(pieces);
      pieces.push(Buffer.from(piece));
    }
  } finally {
    await body.close();
  }
}

function isPieces(body: Sent['body']): body is readonly (Uint8Array | string)[] {
  return Array.isArray(body);
}

/** Folders of tests that failed before they could close their front door. */
const folders = new Set<string>();
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

/** The request line, headers and body as node:http hands them over. */
function message(method: string, target: string, sent: Sent): IncomingMessage {
  const { body } = sent;
  const isWhole = typeof body === 'string' || body instanceof Uint8Array;
  const source =
    body === undefined
      ? Readable.from([], { objectMode: false })
      : isWhole
        ? Readable.from([Buffer.from(body)], { objectMode: false })
        : isPieces(body)
          ? Readable.from(
              body.map((piece) => Buffer.from(piece)),
              { objectMode: false },
            )
          : Readable.from(body, { objectMode: false });
  const headers: Record<string, string> = { host: 'registry.test:5000' };
  if (isWhole) headers['content-length'] = String(Buffer.byteLength(body));
  else if (body !== undefined) headers['transfer-encoding'] = 'chunked';
  if (sent.token !== undefined) headers['authorization'] = `Bearer ${sent.token}`;
  for (const [name, value] of Object.entries(sent.headers ?? {})) {
    if (value === undefined) delete headers[name.toLowerCase()];
    else headers[name.toLowerCase()] = value;
  }
  const socket = { remoteAddress: 'from' in sent ? sent.from : '127.0.0.1' };
  return Object.assign(source, {
    method,
    url: target,
    httpVersion: '1.1',
    headers,
    socket,
  }) as unknown as IncomingMessage;
}

/** Sends a request through the app, without a socket. */
export async function sendTo(app: App, method: string, target: string, sent: Sent = {}): Promise<Answer> {
  const reply = await app(toHttpRequest(message(method, target, sent)));
  const body = await bytesOf(reply);
  const text = body.toString('utf8');
  const headers = Object.fromEntries(
    // What is sent several times reads as one list (RFC 9110, section 5.3).
    Object.entries(reply.headers).map(([name, value]) => [
      name.toLowerCase(),
      typeof value === 'string' ? value : value.join(', '),
    ]),
  );
  const json = <T>(): T => JSON.parse(text) as T;
  return {
    status: reply.status,
    headers,
    all: (name) => [reply.headers[name] ?? []].flat(),
    body,
    text,
    json,
    get codes() {
      if (!text.startsWith('{"errors":')) return undefined;
      return json<{ errors: { code: string }[] }>().errors.map(({ code }) => code);
    },
  };
}

/**
 * Puts a registry together as `berth serve` does, over a folder of its own and without a server, its background jobs
 * or the environment.
 */
export async function openFrontDoor(options: FrontDoorOptions = {}): Promise<FrontDoor> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'berth-front-door-')));
  folders.add(folder);
  const { config, document } = parseRegistryConfig(
    [
      'version: 0.1',
      'storage:',
      `  filesystem: {rootdirectory: ${JSON.stringify(join(folder, 'data'))}}`,
      options.storage ?? '  delete: {enabled: true}',
      /^http:/m.test(options.config ?? '') ? '' : 'http: {addr: 127.0.0.1:5000}',
      options.config ?? '',
    ].join('\n'),
    'config.yml',
    {},
  );
  const clock = options.clock ?? { now: Date.now };
  const log = recordedLog();
  const accessed: AccessEntry[] = [];
  const opened = await openState(config.storage.rootDirectory, options.metrics);
  const state = options.wrap?.(opened) ?? opened;
  const program = await wireRegistry({
    config,
    document,
    state,
    clock,
    log,
    accessLog: config.log.accessLog ? { write: (entry) => accessed.push(entry) } : undefined,
    metrics: options.metrics,
    ...(options.audit && { audit: options.audit }),
  });
  const { app, auth } = program;
  const hasOwnAccounts = config.auth.kind === 'builtin' && config.auth.settings.users === undefined;
  if (options.admin === true && hasOwnAccounts)
    await ensureAdmin(state.index.accounts, ADMIN_PASSWORD, clock.now());
  return {
    app,
    startJobs: program.startJobs,
    probes: program.probes,
    state,
    folder,
    log,
    accessed,
    auth,
    send: (method, target, sent) => sendTo(app, method, target, sent),
    async token(access, { subject = 'somebody', lifetimeSeconds = 900 } = {}) {
      const [key] = auth?.keys ?? [];
      if (auth === undefined || key === undefined) throw new Error('this registry asks for no token');
      const issuer = new TokenIssuer({ issuer: auth.issuer, key, lifetimeSeconds, clock });
      return (await issuer.issue({ subject, audience: OWN_SERVICE, access })).token;
    },
    async close() {
      await program.stop();
      await opened.index.close();
      if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}
