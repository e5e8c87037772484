import { createServer, type Server } from 'node:http';
import { Provider } from 'oidc-provider';

/** What the provider knows of somebody. */
export interface Person {
  readonly email: string;
  readonly isVerified: boolean;
  readonly groups: readonly string[];
}

/** A real OpenID provider (`oidc-provider`) whose people can be changed while it runs. */
export interface OpenIdProvider {
  readonly issuer: string;
  /** By login name; whoever is removed is gone for the provider, too. */
  readonly people: Map<string, Person>;
  /** How often a refresh token was used. */
  readonly refreshes: () => number;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export const CLIENT = { id: 'berth', secret: 'a secret of the client + with / odd = characters' };

export function openIdProvider(
  port: number,
  redirectUrl: string,
  options: { readonly claimsInIdToken?: boolean } = {},
): OpenIdProvider {
  const issuer = `http://127.0.0.1:${port}`;
  const people = new Map<string, Person>();
  let refreshes = 0;
  const provider = new Provider(issuer, {
    clients: [
      {
        ...{ client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: [redirectUrl] },
        grant_types: ['authorization_code', 'refresh_token'],
      },
    ],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], groups: ['groups'] },
    scopes: ['openid', 'offline_access'],
    conformIdTokenClaims: options.claimsInIdToken !== true,
    pkce: { required: () => true },
    // Each refresh token can be used once; a second use ends everything that came of it.
    rotateRefreshToken: true,
    features: { devInteractions: { enabled: true }, revocation: { enabled: true } },
    cookies: { keys: ['of these tests only'] },
    findAccount: (_: unknown, id: string) => {
      const person = people.get(id);
      return (
        person && {
          accountId: id,
          claims: () => ({
            ...{ sub: id, email: person.email, email_verified: person.isVerified, groups: person.groups },
          }),
        }
      );
    },
    ttl: {
      AccessToken: 60,
      AuthorizationCode: 60,
      IdToken: 60,
      RefreshToken: 3600,
      Grant: 3600,
      Session: 3600,
      Interaction: 600,
    },
  });
  const answer = provider.callback();
  let server: Server | undefined;
  return {
    ...{ issuer, people, refreshes: () => refreshes },
    async start() {
      const starting = createServer((request, response) => {
        let body = '';
        request.on('data', (chunk: Buffer) => {
          body += chunk.toString('latin1');
        });
        request.on('end', () => {
          if (body.includes('grant_type=refresh_token')) refreshes += 1;
        });
        answer(request, response);
      });
      await new Promise<void>((resolve) => starting.listen(port, '127.0.0.1', resolve));
      server = starting;
    },
    async stop() {
      const stopping = server;
      server = undefined;
      if (stopping === undefined) return;
      stopping.closeAllConnections();
      await new Promise((resolve) => stopping.close(resolve));
    },
  };
}
