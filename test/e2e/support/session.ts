import { basic, type Credentials } from './accounts.ts';
import { type Answer, type Ask, send } from './http.ts';

/** The parameters of a Bearer challenge. */
export interface Challenge {
  readonly realm: string;
  readonly service: string | undefined;
  readonly scope: string | undefined;
  readonly error: string | undefined;
}

/** Reads a challenge header. @throws Error when it is none */
export function challengeOf(answer: Answer): Challenge {
  const header = answer.headers['www-authenticate'] ?? '';
  const value = (name: string) => new RegExp(`[ ,]${name}="([^"]*)"`).exec(header)?.[1];
  const realm = value('realm');
  if (!header.startsWith('Bearer ') || realm === undefined) {
    throw new Error(`no Bearer challenge in ${answer.status} "${header}" ${answer.text}`);
  }
  return { realm, service: value('service'), scope: value('scope'), error: value('error') };
}

export interface SessionOptions {
  readonly credentials: Credentials;
  /** of the token service */
  readonly ca?: string;
}

/** A minimal client of our own for what the real ones do not do. Tokens are kept a minute, by scope. */
export interface Session {
  /** One request to the registry, with a token that has the scope. */
  ask(scope: string, path: string, ask?: Ask): Promise<Answer>;
  token(scope: string): Promise<string>;
}

export function session(url: string, { credentials, ca }: SessionOptions): Session {
  const kept = new Map<string, { readonly token: string; readonly until: number }>();
  const token = async (scope: string) => {
    const known = kept.get(scope);
    if (known !== undefined && known.until > Date.now()) return known.token;
    const { realm, service } = challengeOf(await send(`${url}/v2/`));
    const query = new URLSearchParams({ account: credentials.account, service: service ?? '' });
    if (scope !== '') query.append('scope', scope);
    const answer = await send(`${realm}?${query}`, {
      headers: { authorization: basic(credentials) },
      ...(ca === undefined ? {} : { ca }),
    });
    if (answer.status !== 200) throw new Error(`no token: ${answer.status} ${answer.text}`);
    const got = (JSON.parse(answer.text) as { token: string }).token;
    kept.set(scope, { token: got, until: Date.now() + 60_000 });
    return got;
  };
  return {
    token,
    ask: async (scope, path, ask = {}) =>
      send(path.startsWith('http') ? path : `${url}${path}`, {
        ...ask,
        headers: { authorization: `Bearer ${await token(scope)}`, ...ask.headers },
      }),
  };
}
