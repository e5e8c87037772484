import type { AccessExplainer } from '../auth/explain/access-explainer.ts';
import type { LoginGuard } from '../auth/guarded-tokens.ts';
import { PasswordChecker } from '../auth/identity/password-checker.ts';
import type { Source } from '../auth/source.ts';
import { KeyRing, type KeySource } from '../auth/token/key-ring.ts';
import { longestLifetimeSeconds, type TokenLifetimes } from '../auth/token/lifetime.ts';
import { Logins } from '../auth/token/logins.ts';
import { ReplaceableKey } from '../auth/token/replaceable-key.ts';
import { TokenService } from '../auth/token-service.ts';
import type { BuiltinAuthSettings } from '../config/builtin-schema.ts';
import type { ConfigDocument } from '../config/document.ts';
import type { Endpoint } from '../http/app.ts';
import type { Index } from '../index/index.ts';
import { type Clock, type Logger, type Metrics, NO_METRICS } from '../ports.ts';
import { type BuiltinGeneration, wireGeneration } from './builtin-generation.ts';
import { Generations } from './generations.ts';
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
  readonly explainer: Pick<AccessExplainer, 'explain'>;
  /** What is asked for accounts and rules, as the configuration names it. */
  readonly sources: readonly Source[];
  /** A page of the providers, for a browser. */
  page(path: string): Endpoint | undefined;
  /**
   * Takes over accounts and rules of a changed configuration, whole or not at all; what is under way ends as it began.
   * The section `token` stays as it was at the start.
   * @throws ConfigError
   */
  reload(settings: BuiltinAuthSettings, document: ConfigDocument): Promise<void>;
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
  const lifetimes: TokenLifetimes = {
    lifetimeSeconds: settings.token.expirationSeconds ?? DEFAULT_LIFETIME_SECONDS,
    lifetimeSecondsByAction: settings.token.expirationSecondsByAction,
  };
  const { revocations } = index;
  const { source: keys, stop } = await builtinKeys(
    settings,
    document,
    { index, clock, log },
    longestLifetimeSeconds(lifetimes) * 1000,
  );
  const logins = new Logins({ index: index.logins, clock, log, lifetimes: settings.token.refresh });
  const wire = (changed: BuiltinAuthSettings, at: ConfigDocument, before?: BuiltinGeneration) =>
    wireGeneration(changed, at, { index, passwords, clock, log, metrics, guard, before });
  const first = await wire(settings, document);
  const generations = new Generations(first);
  const tokens = await ownTokens({
    ...{ issuer, keys, lifetimes, logins, clock, guard, revocations },
    service: ({ servicesBy, ...common }) => ({
      answer: (request) =>
        generations.use(({ authorizers, parts }) =>
          new TokenService({ ...common, ...parts, services: servicesBy(authorizers) }).answer(request),
        ),
    }),
  });
  void first.start();
  return {
    ...{ ...tokens, keys, issuer },
    get sources() {
      return generations.current.sources;
    },
    explainer: { explain: (question) => generations.use((now) => now.explainer.explain(question)) },
    page: (path) => pageOf(generations, path),
    async reload(changed, at) {
      const next = await wire(changed, at, generations.current);
      // Requests meanwhile are answered as before, so that none waits for a server that is away.
      await next.start();
      generations.replace(next);
    },
    async close() {
      stop();
      await logins.flush();
      await generations.close();
    },
  };
}

/** A page works with the generation that it was found in. */
function pageOf(generations: Generations<BuiltinGeneration>, path: string): Endpoint | undefined {
  const page = generations.current.pages.get(path);
  if (page === undefined) return undefined;
  return {
    ...page,
    handle: (request) => generations.use((now) => (now.pages.get(path) ?? page).handle(request)),
  };
}

/** Keys of the index, or the configured pair, whose files are read again when they change. */
async function builtinKeys(
  { token }: BuiltinAuthSettings,
  document: ConfigDocument,
  { index, clock, log }: Pick<Dependencies, 'index' | 'clock' | 'log'>,
  lifetimeMs: number,
): Promise<{ source: KeySource; stop: () => void }> {
  const { certificate, key } = token;
  if (certificate === undefined || key === undefined) {
    const overlapMs = Math.max(token.rotation.overlapMs, lifetimeMs);
    const rotation = { ...token.rotation, overlapMs };
    const ring = await KeyRing.open({ index: index.signingKeys, clock, log, rotation });
    return { source: ring, stop: () => ring.stop() };
  }
  const read = () => signingKeyFrom(document, ['token'], token, { certificate, key });
  const source = new ReplaceableKey(await read(), { clock, lifetimeMs });
  const watch = await watchFiles({
    files: [certificate, key],
    what: 'the key that signs tokens',
    log,
    reload: async () => source.replace(await read()),
  });
  return { source, stop: () => watch.stop() };
}
