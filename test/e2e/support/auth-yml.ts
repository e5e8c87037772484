import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeJwt } from 'jose';
import { basic, type Credentials, ISSUER, SERVICE } from './accounts.ts';
import { BERTH } from './berth.ts';
import type { Certificate } from './certificates.ts';
import { type Answer, answers, send } from './http.ts';
import { folder } from './root.ts';
import { freePort, type Server, startServer } from './server.ts';

/** A `berth auth` that speaks plain HTTP, for tests of its sections. */
export interface PlainAuth {
  readonly server: Server;
  readonly file: string;
  /** One request for a token. */
  login(who: Credentials | undefined, scope?: string): Promise<Answer>;
  /** The same again where it is told to come back later: what somebody gets who does as told. */
  patientLogin(who: Credentials, scope?: string): Promise<Answer>;
  /** The actions that a login is granted of `pull,push` on a repository. @throws Error where there is no token */
  granted(who: Credentials, repository: string): Promise<readonly string[]>;
}

/**
 * Starts it, without a throttle: what is tested are the sections, and many of the passwords are wrong.
 * @param sections the configuration, without `server`, `token` and `throttle`
 */
export async function plainAuth(
  certificate: Certificate,
  sections: string,
  env: Readonly<Record<string, string>> = {},
): Promise<PlainAuth> {
  const port = await freePort();
  const file = join(folder('auth'), 'auth.yml');
  writeFileSync(
    file,
    `server: {addr: "127.0.0.1:${port}"}
token: {issuer: "${ISSUER}", expiration: 900, certificate: "${certificate.certificateFile}", key: "${certificate.keyFile}"}
throttle: {enabled: false}
${sections}`,
  );
  const url = `http://127.0.0.1:${port}`;
  const server = await startServer({
    name: 'berth-auth',
    command: BERTH,
    args: ['auth', '--v=2', file],
    cwd: folder('cwd'),
    env,
    ready: () => answers(`${url}/healthz`),
  });
  const login: PlainAuth['login'] = (who, scope = '') => {
    const query = new URLSearchParams({ service: SERVICE });
    if (scope !== '') query.append('scope', scope);
    return send(`${url}/auth?${query}`, { headers: who === undefined ? {} : { authorization: basic(who) } });
  };
  const patientLogin: PlainAuth['patientLogin'] = async (who, scope) => {
    for (;;) {
      const answer = await login(who, scope);
      if (answer.status !== 429) return answer;
      await sleep(200);
    }
  };
  return {
    server,
    file,
    login,
    patientLogin,
    async granted(who, repository) {
      const answer = await login(who, `repository:${repository}:pull,push`);
      if (answer.status !== 200) throw new Error(`no token: ${answer.status} ${answer.text}`);
      const { token } = JSON.parse(answer.text) as { token: string };
      const { access } = decodeJwt(token) as { access: readonly { actions: readonly string[] }[] };
      return access.flatMap(({ actions }) => actions);
    },
  };
}
