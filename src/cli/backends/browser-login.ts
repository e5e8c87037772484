import type { IdentityProvider } from '../../auth/identity/provider.ts';
import { RememberedProvider } from '../../auth/identity/remembered.ts';
import { BrowserLogins } from '../../auth/login/browser-logins.ts';
import { LoginRecords } from '../../auth/login/login-records.ts';
import { Renewal } from '../../auth/login/renewal.ts';
import { Sealer } from '../../auth/login/sealer.ts';
import { SignIn } from '../../auth/login/sign-in.ts';
import type { Upstream } from '../../auth/login/upstream/upstream.ts';
import type { LoginSettings } from '../../config/login-schema.ts';
import { signInEndpoint, signInRedirect } from '../../http/sign-in/endpoint.ts';
import type { RevocationKind } from '../../index/revocations.ts';
import type { Clock } from '../../ports.ts';
import { readNamedFile } from '../key-files.ts';
import type { BackendDependencies, IdentityPart } from './parts.ts';

/** So many questions at most are put to an identity provider for one account, one after the other. */
const QUESTIONS = 5;

/** What a section about logins by a browser says, beside what all of them say. */
export interface BrowserLoginOptions {
  /** `oidc_auth`: the page is at the same name. */
  readonly section: string;
  readonly settings: LoginSettings;
  /** Where the browser is known to reach the page. */
  readonly redirectUrl: string | undefined;
  readonly upstream: (clientSecret: string) => Upstream;
}

/**
 * Puts a section about logins by a browser together: its page, and the passwords from there.
 * @throws ConfigError, Failure
 */
export async function browserLogin(
  { section, settings, redirectUrl, upstream: connect }: BrowserLoginOptions,
  deps: BackendDependencies,
): Promise<IdentityPart> {
  const { clock, log, passwords, document, index, throttle } = deps;
  const { revalidateAfterMs, passwordLifetimeMs, httpTimeoutMs, registryUrl } = settings;
  const clientSecret = secretOf(section, settings, deps);
  if (clientSecret === '') throw document.errorAt([section, 'client_secret'], 'the client secret is empty');
  const upstream = connect(clientSecret);
  const { database, rememberMs, mayHoldLegacy } = await deps.openTokenDatabase(
    section,
    settings.database,
    deps,
  );
  const records = new LoginRecords(section, database, new Sealer(clientSecret, `${section} tokens`));
  const revoke =
    index && ((kind: RevocationKind, name: string) => index.revocations.revoke(kind, name, clock.now()));
  const patienceMs = QUESTIONS * httpTimeoutMs;
  const renewal = new Renewal({ records, upstream, clock, log, revoke, revalidateAfterMs, patienceMs });
  const logins = new BrowserLogins({
    ...{ records, renewal, passwords, clock, passwordLifetimeMs, mayHoldLegacy },
  });
  const sealer = new Sealer(clientSecret, `${section} pages`);
  const signIn = new SignIn({
    ...{ records, upstream, sealer, clock, log, revoke, throttle, revalidateAfterMs, passwordLifetimeMs },
  });
  const path = `/${section}`;
  return {
    provider: remembered(logins, rememberMs, clock),
    endpoints: [
      [
        path,
        signInEndpoint({
          ...{ signIn, log },
          registry: registryUrl ?? 'REGISTRY',
          isHttps: redirectUrl?.startsWith('https:') ?? false,
        }),
      ],
      ['/', signInRedirect(path)],
    ],
  };
}

function remembered(logins: BrowserLogins, forMs: number, clock: Clock): IdentityProvider {
  return forMs === 0 ? logins : new RememberedProvider(logins, clock, { rightMs: forMs, wrongMs: forMs });
}

function secretOf(
  section: string,
  { clientSecret, clientSecretFile }: LoginSettings,
  { document }: BackendDependencies,
): string {
  if (clientSecretFile === undefined) return clientSecret?.reveal() ?? '';
  return readNamedFile(document, [section, 'client_secret_file'], clientSecretFile).trim();
}
