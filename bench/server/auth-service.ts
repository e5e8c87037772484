import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jwtVerify } from 'jose';
import type { SigningKey } from '../keys.ts';
import type { Request } from '../load/loader.ts';
import { ISSUER, SERVICE } from '../tokens.ts';
import type { Workspace } from '../workspace.ts';
import { freePort } from './first-answer.ts';
import { type RunningServer, startServer } from './server.ts';

/** docker_auth's YAML; accounts and hashes are those of its examples/simple.yml (admin / badmin). */
function configuration(port: number, key: SigningKey): string {
  return `server:
  addr: "127.0.0.1:${port}"
token:
  issuer: "${ISSUER}"
  expiration: 900
  certificate: "${key.certificateFile}"
  key: "${key.keyFile}"
users:
  "admin":
    password: "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC"
  "test":
    password: "$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya"
acl:
  - match: {account: "admin"}
    actions: ["*"]
  - match: {account: "test"}
    actions: ["pull"]
`;
}

/** The token request that docker sends before a push, for the returning account `admin`. */
export const TOKEN_REQUEST: Request = {
  method: 'GET',
  path: `/auth?${new URLSearchParams({ account: 'admin', scope: 'repository:bench/image:pull,push', service: SERVICE })}`,
  headers: { Authorization: `Basic ${Buffer.from('admin:badmin').toString('base64')}` },
};

/** Starts `bin/berth auth FILE` with this key. The caller stops it. */
export async function startAuthService(
  workspace: Workspace,
  command: string,
  key: SigningKey,
): Promise<RunningServer> {
  const port = await freePort();
  const file = join(workspace.folder('auth'), 'auth.yml');
  await writeFile(file, configuration(port, key));
  return startServer(workspace, { command, args: ['auth', file], environment: {}, port });
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
