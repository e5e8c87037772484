import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { basic, type Credentials, ISSUER, SERVICE } from './accounts.ts';
import { BERTH } from './berth.ts';
import type { Certificate } from './certificates.ts';
import { type Answer, answers, send } from './http.ts';
import { folder } from './root.ts';
import { freePort, startServer } from './server.ts';

/** A `berth auth` with sections of the test's own. */
export interface TokenService {
  readonly url: string;
  output(): string;
  /** Asks with Basic; nothing with no credentials. */
  ask(credentials: Credentials | undefined, scope?: string): Promise<Answer>;
  /** What a token grants, `name: actions`, or the status where there is none. */
  grants(credentials: Credentials, scope: string): Promise<string | number>;
  /** Has it read its configuration anew; what it remembers of answers is then forgotten. */
  reload(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts `berth auth` at its most verbose.
 * @param sections everything but `server` and `token`
 */
export async function tokenService(
  certificate: Certificate,
  sections: string,
  env: Readonly<Record<string, string>> = {},
): Promise<TokenService> {
  const port = await freePort();
  const place = folder('auth');
  const file = join(place, 'auth.yml');
  const { certificateFile, keyFile } = certificate;
  const token = `token: {issuer: "${ISSUER}", expiration: 900, certificate: "${certificateFile}", key: "${keyFile}"}`;
  writeFileSync(file, `server: {addr: "127.0.0.1:${port}"}\n${token}\n${sections}`);
  const url = `http://127.0.0.1:${port}`;
  const server = await startServer({
    name: 'berth-auth',
    command: BERTH,
    args: ['auth', '--v=9', file],
    cwd: place,
    env,
    ready: () => answers(`${url}/healthz`),
  });
  const ask = (credentials: Credentials | undefined, scope?: string) => {
    const query = new URLSearchParams({ service: SERVICE, ...(scope === undefined ? {} : { scope }) });
    const headers = credentials === undefined ? {} : { authorization: basic(credentials) };
    return send(`${url}/auth?${query}`, { headers });
  };
  return {
    url,
    output: () => server.output(),
    ask,
    async grants(credentials, scope) {
      const answer = await ask(credentials, scope);
      if (answer.status !== 200) return answer.status;
      const { token } = JSON.parse(answer.text) as { token: string };
      const [, claims = ''] = token.split('.');
      const { access } = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')) as {
        access: readonly { name: string; actions: readonly string[] }[];
      };
      return access.map(({ name, actions }) => `${name}: ${actions.join(',')}`).join(' ');
    },
    async reload() {
      const times = () => server.output().split('a changed file is in use').length;
      const before = times();
      process.kill(server.pid, 'SIGHUP');
      while (times() === before) await sleep(50);
    },
    stop: () => server.stop(),
  };
}
