import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jwtVerify } from 'jose';
import type { SigningKey } from '../keys.ts';
import type { Request } from '../load/loader.ts';
import { ISSUER, SERVICE } from '../tokens.ts';
import type { Workspace } from '../workspace.ts';
import { freePort } from './first-answer.ts';
import { type RunningServer, startServer } from './server.ts';

/** What a token service is started with, beside its key. */
export interface AuthOptions {
  /** Name → bcrypt hash. */
  readonly users?: Readonly<Record<string, string>>;
  /** One rule a text, as JSON is YAML, too. */
  readonly rules?: readonly object[];
  /** Berth's own: keeps state in a folder, so that refresh tokens can be had. */
  readonly data?: string;
  /** Wrong passwords do not make wait. */
  readonly isUnthrottled?: boolean;
  readonly core?: number | undefined;
}

/** Accounts and hashes of docker_auth's examples/simple.yml (admin / badmin, test / 123). */
const SIMPLE_USERS = {
  admin: '$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC',
  test: '$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya',
};
const SIMPLE_RULES = [
  { match: { account: 'admin' }, actions: ['*'] },
  { match: { account: 'test' }, actions: ['pull'] },
];

/** `users`, `acl` and the key, as both dialects have them. */
export function authSections(key: SigningKey, options: AuthOptions): string {
  const { users = SIMPLE_USERS, rules = SIMPLE_RULES } = options;
  return [
    'token:',
    `  issuer: "${ISSUER}"`,
    '  expiration: 900',
    `  certificate: "${key.certificateFile}"`,
    `  key: "${key.keyFile}"`,
    'users:',
    ...Object.entries(users).map(([name, password]) => `  "${name}": {password: "${password}"}`),
    'acl:',
    ...rules.map((rule) => `  - ${JSON.stringify(rule)}`),
    ...(options.isUnthrottled === true ? ['throttle: {enabled: false}'] : []),
  ].join('\n');
}

/** docker_auth's YAML. */
function configuration(port: number, key: SigningKey, options: AuthOptions): string {
  const data = options.data === undefined ? '' : `data: "${options.data}"\n`;
  return `server:\n  addr: "127.0.0.1:${port}"\n${data}${authSections(key, options)}\n`;
}

/** A Basic header. */
export function basic(account: string, password: string): { readonly Authorization: string } {
  return { Authorization: `Basic ${Buffer.from(`${account}:${password}`).toString('base64')}` };
}

/** `GET /auth` of an account for one scope. */
export function tokenRequest(
  account: string,
  password: string,
  scope: string,
  service: string = SERVICE,
): Request {
  return {
    method: 'GET',
    path: `/auth?${new URLSearchParams({ account, scope, service })}`,
    headers: basic(account, password),
  };
}

/** The token request that docker sends before a push, for the returning account `admin`. */
export const TOKEN_REQUEST = tokenRequest('admin', 'badmin', 'repository:bench/image:pull,push');

/** Starts `bin/berth auth FILE` with this key, or docker_auth, which takes the same file. The caller stops it. */
export async function startAuthService(
  workspace: Workspace,
  program: { readonly command: string; readonly args: readonly string[] },
  key: SigningKey,
  options: AuthOptions = {},
): Promise<RunningServer> {
  const port = await freePort();
  const file = join(workspace.folder('auth'), 'auth.yml');
  await writeFile(file, configuration(port, key, options));
  const { command, args } = program;
  return startServer(workspace, {
    command,
    args: [...args, file],
    environment: {},
    port,
    core: options.core,
  });
}

/** How Berth is started as a token service. */
export function berthAuth(command: string): { readonly command: string; readonly args: readonly string[] } {
  return { command, args: ['auth'] };
}

async function oneToken(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${TOKEN_REQUEST.path}`, {
    headers: TOKEN_REQUEST.headers,
  });
  if (!response.ok) throw new Error(`GET /auth → ${response.status} ${await response.text()}`);
  const { token }: { token: string } = JSON.parse(await response.text());
  return token;
}

/**
 * Makes sure that what is about to be counted are tokens: signed by the key, granting what was asked for,
 * and each one new.
 * @throws {Error} where not.
 */
export async function checkTokens(port: number, key: SigningKey): Promise<void> {
  const first = await oneToken(port);
  if (first === (await oneToken(port))) throw new Error('GET /auth gave the same token twice');
  const { payload } = await jwtVerify<{ access: { actions: string[] }[] }>(first, key.publicKey, {
    issuer: ISSUER,
    audience: SERVICE,
  });
  const granted = payload.access[0]?.actions.toSorted().join();
  if (granted !== 'pull,push') throw new Error(`GET /auth granted ${granted ?? 'nothing'} of pull,push`);
}
