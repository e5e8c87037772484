import { PasswordChecker } from '../../src/auth/identity/password-checker.ts';
import { BrowserLogins } from '../../src/auth/login/browser-logins.ts';
import { LoginRecords } from '../../src/auth/login/login-records.ts';
import { Renewal } from '../../src/auth/login/renewal.ts';
import { Sealer } from '../../src/auth/login/sealer.ts';
import { type SignedIn, SignIn } from '../../src/auth/login/sign-in.ts';
import type { TokenDatabase } from '../../src/auth/login/token-database.ts';
import type { Upstream } from '../../src/auth/login/upstream/upstream.ts';
import type { Throttle } from '../../src/auth/throttle.ts';
import { StoppedClock } from './clock.ts';
import { MemoryTokenDatabase } from './memory-token-database.ts';
import { RecordedLog } from './recorded-log.ts';

export const HOUR_MS = 3_600_000;
export const PASSWORD_LIFETIME_MS = 100 * HOUR_MS;

/** A section about logins by a browser, with a clock that the test moves. */
export function browserLoginUnderTest(
  upstream: Upstream,
  {
    database = new MemoryTokenDatabase(),
    clock = new StoppedClock(),
    secret = 'client secret',
    section = 'oidc_auth',
    mayHoldLegacy = true,
    throttle,
  }: {
    database?: TokenDatabase;
    clock?: StoppedClock;
    secret?: string;
    section?: string;
    mayHoldLegacy?: boolean;
    throttle?: Throttle;
  } = {},
) {
  const log = new RecordedLog();
  const records = new LoginRecords(section, database, new Sealer(secret, 'tokens'));
  const common = { records, upstream, clock, log, revalidateAfterMs: HOUR_MS };
  const renewal = new Renewal({ ...common, patienceMs: 1_000 });
  const logins = new BrowserLogins({
    ...{ records, renewal, passwords: new PasswordChecker(clock), clock, mayHoldLegacy },
    passwordLifetimeMs: PASSWORD_LIFETIME_MS,
  });
  const sealer = new Sealer(secret, 'pages');
  const signIn = new SignIn({ ...common, sealer, throttle, passwordLifetimeMs: PASSWORD_LIFETIME_MS });
  /** The whole way, without a browser. */
  const signedIn = async (): Promise<SignedIn & { text: string }> => {
    const { state, ticket } = await signIn.begin();
    const done = await signIn.complete(new URLSearchParams({ state, code: 'code' }), ticket);
    return { ...done, text: done.password?.text ?? '' };
  };
  return { logins, signIn, signedIn, records, clock, log };
}
