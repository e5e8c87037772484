import { AccessExplainer } from '../auth/explain/access-explainer.ts';
import type { LoginGuard } from '../auth/guarded-tokens.ts';
import { PasswordChecker } from '../auth/identity/password-checker.ts';
import type { Source } from '../auth/source.ts';
import { KeyRing, type KeySource } from '../auth/token/key-ring.ts';
import { Logins } from '../auth/token/logins.ts';
import { ReplaceableKey } from '../auth/token/replaceable-key.ts';
import type { BuiltinAuthSettings } from '../config/builtin-schema.ts';
import type { ConfigDocument } from '../config/document.ts';
import type { Endpoint } from '../http/app.ts';
import type { Index } from '../index/index.ts';
import { type Clock, type Logger, type Metrics, NO_METRICS } from '../ports.ts';
import { wireBackends } from './backends/backends.ts';
import { openTokenDatabase } from './backends/token-database.ts';
import { ownAccountParts } from './own-accounts.ts';
import { type OwnTokens, ownTokens } from './own-tokens.ts';
import { signingKeyFrom } from './token-parts.ts';
import { watchFiles } from './watched-files.ts';

const DEFAULT_ISSUER = 'berth';
const DEFAULT_LIFETIME_SECONDS = 900;

/** A token service of the registry's own, with what is published of it. */
export interface BuiltinAuth extends OwnTokens {
  readonly keys: KeySource;
  readonly issuer: string;
  /** Says how its rules decide. */
  readonly explainer: AccessExplainer;
  /** What is asked for accounts and rules, as the configuration names it. */
  readonly sources: readonly Source[];
  /** Pages of the providers, for a browser. */
  readonly endpoints: readonly (readonly [string, Endpoint])[];
  /** Lets go of connections, once nobody logs in any more. */
  close(): Promise<void>;
}

interface Dependencies {
  readonly index: Index;
  readonly clock: Clock;
  readonly log: Logger;
  readonly guard: LoginGuard;
  /** undefined: nobody would look at them. */
  readonly metrics: Metrics | undefined;
}

/**
 * Puts together what `auth: builtin` asks for: accounts of the configuration and of the index, and rules.
 * @param document the section `auth.builtin`, for the places of mistakes
 * @throws ConfigError
 */
export async function builtinAuth(
  settings: BuiltinAuthSettings,
  document: ConfigDocument,
  { index, clock, log, guard, metrics = NO_METRICS }: Dependencies,
): Promise<BuiltinAuth> {
  const issuer = settings.token.issuer ?? DEFAULT_ISSUER;
  const passwords = new PasswordChecker(clock, metrics);
  const { endpoints, sources, close, start, ...backends } = await wireBackends(settings, {
    ...{ document, index, passwords, clock, log, metrics, openTokenDatabase },
    throttle: guard.throttle,
  });
  const own = ownAccountParts(index, { passwords, clock, log, metrics }, backends.authorizers);
  const { authorizers, complete } = own;
  const providers = [...backends.providers, own.provider];
  const lifetimeSeconds = settings.token.expirationSeconds ?? DEFAULT_LIFETIME_SECONDS;
  const { revocations } = index;
  const { source: keys, stop } = await builtinKeys(
    settings,
    document,
    { index, clock, log },
    lifetimeSeconds,
  );
  const logins = new Logins({ index: index.logins, clock, log, lifetimes: settings.token.refresh });
  const tokens = await ownTokens({
    ...{ providers, authorizers, issuer, keys, lifetimeSeconds, logins, clock, guard, revocations, complete },
  });
  const explainer = new AccessExplainer({
    ...{ providers: [...backends.providers, own.unnoted], authorizers, complete, index, clock },
  });
  void start();
  return {
    ...{ ...tokens, keys, issuer, sources, endpoints, explainer },
    async close() {
      stop();
      await logins.flush();
      await own.close();
      await close();
    },
  };
}

/** Keys of the index, or the configured pair, whose files are read again when they change. */
async function builtinKeys(
  { token }: BuiltinAuthSettings,
  document: ConfigDocument,
  { index, clock, log }: Pick<Dependencies, 'index' | 'clock' | 'log'>,
  lifetimeSeconds: number,
): Promise<{ source: KeySource; stop: () => void }> {
  const { certificate, key } = token;
  const lifetimeMs = lifetimeSeconds * 1000;
  if (certificate === undefined || key === undefined) {
    const overlapMs = Math.max(token.rotation.overlapMs, lifetimeMs);
    const rotation = { ...token.rotation, overlapMs };
    const ring = await KeyRing.open({ index: index.signingKeys, clock, log, rotation });
    return { source: ring, stop: () => ring.stop() };
  }
  const read = () => signingKeyFrom(document, token, { certificate, key });
  const source = new ReplaceableKey(await read(), { clock, lifetimeMs });
  const watch = await watchFiles({
    files: [certificate, key],
    what: 'the key that signs tokens',
    log,
    reload: async () => source.replace(await read()),
  });
  return { source, stop: () => watch.stop() };
}
