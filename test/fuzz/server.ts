import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { hashSync } from '@node-rs/bcrypt';
import { selfSigned } from '../support/self-signed.ts';
import { ACCOUNT } from './honest.ts';

/** What a process holds. */
export interface Holdings {
  readonly residentMb: number;
  readonly files: number;
}

/** Files of uploads stay open between requests, a thousand at the most, and hostile clients begin many uploads. */
function isContent(link: string): boolean {
  try {
    return readlinkSync(link).includes('/data/content/');
  } catch {
    // Closed since it was listed.
    return true;
  }
}

export function holdingsOf(pid: number): Holdings {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return {
    residentMb: Math.round(Number(kilobytes) / 1024),
    files: readdirSync(`/proc/${pid}/fd`).filter((fd) => !isContent(`/proc/${pid}/fd/${fd}`)).length,
  };
}

/** A real server, as an operator would have it. */
export interface FuzzedServer {
  readonly url: string;
  readonly pid: number;
  /** Where its numbers are; undefined without a debug server. */
  readonly metricsUrl: string | undefined;
  /** The certificate to be trusted; undefined without TLS. */
  readonly ca: string | undefined;
  /** Why it ended, if it did so by itself. */
  readonly ended: () => string | undefined;
  /** What it last wrote to its log. */
  readonly lastWords: () => string;
  stop(): void;
}

/** With as little switched on as there can be, but HTTP/2 without TLS. */
export function startPlain(folder: string): Promise<FuzzedServer> {
  mkdirSync(folder);
  const config = `
version: 0.1
storage: {filesystem: {rootdirectory: ${folder}/data}, delete: {enabled: true}}
auth: none
http: {addr: "127.0.0.1:0", h2c: {enabled: true}}
`;
  return start(folder, config, undefined);
}

/** With TLS and HTTP/2, a password file, anonymous pulls, metrics, an access log, and notifications. */
export function startWhole(folder: string, receiverUrl: string): Promise<FuzzedServer> {
  mkdirSync(folder);
  const { certificate, key } = selfSigned('fuzz');
  writeFileSync(join(folder, 'tls.crt'), certificate);
  writeFileSync(join(folder, 'tls.key'), key);
  // The cheapest hash: what is tried is the server, and not bcrypt.
  writeFileSync(join(folder, 'htpasswd'), `${ACCOUNT.name}:${hashSync(ACCOUNT.password, 4)}\n`);
  const config = `
version: 0.1
log: {accesslog: {disabled: false}, formatter: json}
storage: {filesystem: {rootdirectory: ${folder}/data}, delete: {enabled: true}}
auth: {htpasswd: {realm: fuzz, path: ${folder}/htpasswd, anonymous: pull}}
http:
  addr: 127.0.0.1:0
  tls: {certificate: ${folder}/tls.crt, key: ${folder}/tls.key}
  debug: {addr: "127.0.0.1:0", prometheus: {enabled: true}}
notifications:
  endpoints:
    - {name: fuzz, url: "${receiverUrl}", timeout: 500ms, threshold: 3, backoff: 50ms}
`;
  return start(folder, config, certificate);
}

async function start(folder: string, config: string, ca: string | undefined): Promise<FuzzedServer> {
  const file = join(folder, 'config.yml');
  writeFileSync(file, config);
  const server = spawn(resolve(import.meta.dirname, '../../bin/berth'), ['serve', file], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: folder },
  });
  let isStopping = false;
  let ended: string | undefined;
  server.on('exit', (code, signal) => {
    if (!isStopping) ended = `the server ended by itself (${signal ?? code})`;
  });
  const lastWords = faultsOf(server);
  const greeting = await greetingOf(server).catch((error: unknown) => {
    throw new Error(`${error}: ${lastWords()}`);
  });
  return {
    url: /Berth is ready at (\S+)/.exec(greeting)?.[1] ?? '',
    metricsUrl: metricsIn(greeting),
    pid: server.pid ?? 0,
    ca,
    ended: () => ended,
    lastWords,
    stop() {
      isStopping = true;
      server.kill('SIGKILL');
    },
  };
}

function metricsIn(greeting: string): string | undefined {
  const address = /The debug server is at (\S+)/.exec(greeting)?.[1];
  return address === undefined ? undefined : `${address}/metrics`;
}

/** The lines of the log that tell of faults; those of single requests would push them out. */
function faultsOf({ stderr }: ChildProcess): () => string {
  let faults = '';
  let rest = '';
  stderr?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    const told = lines.filter((line) => !line.includes('response completed'));
    if (told.length > 0) faults = `${faults}${told.join('\n')}\n`.slice(-20_000);
  });
  return () => faults;
}

function greetingOf(server: ChildProcess): Promise<string> {
  return new Promise((found, failed) => {
    let text = '';
    server.stdout?.setEncoding('utf8').on('data', (piece: string) => {
      text = (text + piece).slice(-2_000);
      if (/Berth is ready at \S+ .*\n/.test(text)) setTimeout(() => found(text), 100);
    });
    server.once('exit', () => failed(new Error('the server did not start')));
  });
}
