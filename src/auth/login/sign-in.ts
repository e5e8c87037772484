import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { RevocationKind } from '../../index/revocations.ts';
import { isRecord } from '../../oci/descriptor.ts';
import type { Clock, Logger } from '../../ports.ts';
import { Slots } from '../slots.ts';
import type { Throttle } from '../throttle.ts';
import { type GeneratedPassword, generatePassword, grantOf } from './generated-password.ts';
import type { LoginRecords } from './login-records.ts';
import type { LoginRecord } from './record.ts';
import { dueAt } from './renewal.ts';
import type { Sealer } from './sealer.ts';
import { type Binding, SignInRefused, type Upstream } from './upstream/upstream.ts';

/** So long somebody may take at the identity provider. */
const TICKET_LIFETIME_MS = 10 * 60_000;
/** So long the buttons of the page with the password work. */
const PAGE_LIFETIME_MS = 30 * 60_000;
const MAX_PASSWORDS = 50;
const MAX_USED_STATES = 10_000;

/** The beginning of a sign-in. */
export interface Begun {
  readonly url: URL;
  /** Comes back in the query of the answer. */
  readonly state: string;
  /** For the browser to keep; opens nothing without the answer that belongs to it. */
  readonly ticket: string;
}

/** A password of the account, with what revokes it. */
export interface ListedPassword extends Omit<GeneratedPassword, 'hash'> {
  readonly revocation: string;
}

/** Somebody who signed in, or revoked a password on the page of a sign-in. */
export interface SignedIn {
  readonly account: string;
  /** Shown once; undefined where none was made. */
  readonly password: { readonly text: string; readonly expiresAtMs: number } | undefined;
  /** The newest first. */
  readonly passwords: readonly ListedPassword[];
  /** A password that docker_auth made, where one holds. */
  readonly legacy: { readonly expiresAtMs: number; readonly revocation: string } | undefined;
  /** When all of this ends, since the identity provider gave nothing to ask it again with; undefined: it does not. */
  readonly endsAtMs: number | undefined;
}

/** What a sign-in is made of. */
export interface SignInParts {
  readonly records: LoginRecords;
  readonly upstream: Upstream;
  /** For what the browser keeps; the same on every replica. */
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly log: Logger;
  /** Makes void what was issued; undefined where no registry would hear of it. */
  readonly revoke?: ((kind: RevocationKind, name: string) => Promise<void>) | undefined;
  /** Holds up addresses from which codes come that the identity provider refuses; undefined: nobody. */
  readonly throttle?: Throttle | undefined;
  readonly revalidateAfterMs: number;
  readonly passwordLifetimeMs: number;
}

function random(): string {
  return randomBytes(32).toString('base64url');
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}

function isTicket(value: unknown): value is Binding & { untilMs: number } {
  return (
    isRecord(value) &&
    typeof value['state'] === 'string' &&
    typeof value['nonce'] === 'string' &&
    typeof value['codeVerifier'] === 'string' &&
    typeof value['untilMs'] === 'number'
  );
}

function isRevocation(value: unknown): value is { account: string; id: string; untilMs: number } {
  return (
    isRecord(value) &&
    typeof value['account'] === 'string' &&
    typeof value['id'] === 'string' &&
    typeof value['untilMs'] === 'number'
  );
}

/** In the place of a password's id, which has eight characters. */
const LEGACY_ID = 'docker_auth';

const STRAY =
  'This sign-in did not begin in this browser, was used before, or took longer than ten minutes. Begin again.';

/** Signing in with a browser: to the identity provider, back with a code, and out with a password for `docker login`. */
export class SignIn {
  readonly #parts: SignInParts;
  readonly #usedStates = new Set<string>();
  readonly #slots = new Slots({ maxRunning: 16, maxWaiting: 64 });

  constructor(parts: SignInParts) {
    this.#parts = parts;
  }

  /** For people: who will be asked. */
  get title(): string {
    return this.#parts.upstream.title;
  }

  /** @throws UpstreamUnavailable */
  async begin(): Promise<Begun> {
    const { upstream, clock } = this.#parts;
    const binding: Binding = { state: random(), nonce: random(), codeVerifier: random() };
    const url = await upstream.authorizationUrl(binding);
    const ticket = this.#seal({ ...binding, untilMs: clock.now() + TICKET_LIFETIME_MS }, 'ticket');
    return { url, state: binding.state, ticket };
  }

  /**
   * @param ticket what the browser kept since `begin`; undefined where it kept nothing
   * @param address of the browser; undefined where it is not known
   * @throws SignInRefused, UpstreamUnavailable, TooManyLogins
   */
  async complete(
    parameters: URLSearchParams,
    ticket: string | undefined,
    address?: string,
  ): Promise<SignedIn> {
    const binding = ticket === undefined ? undefined : this.#open(ticket, 'ticket');
    const state = parameters.getAll('state');
    if (!isTicket(binding) || state.length !== 1 || !isSame(binding.state, state[0] ?? '')) {
      throw new SignInRefused(STRAY);
    }
    // The identity provider takes a code once; asked a second time, it may end what the first one began.
    if (this.#parts.clock.now() >= binding.untilMs || this.#usedStates.has(binding.state)) {
      throw new SignInRefused(STRAY);
    }
    const attempt = this.#parts.throttle?.admit(
      { account: `sign-in ${binding.state}`, password: binding.state, isGuessable: false },
      address,
    );
    if (this.#usedStates.size >= MAX_USED_STATES) this.#usedStates.clear();
    this.#usedStates.add(binding.state);
    const { records, upstream, clock, log, revalidateAfterMs, passwordLifetimeMs } = this.#parts;
    const login = await this.#slots
      .run(() => upstream.complete(parameters, binding))
      .catch((error: unknown) => {
        if (error instanceof SignInRefused) attempt?.failed();
        else attempt?.abandoned();
        throw error;
      });
    // Nobody will come back with this state: there is nothing to be remembered.
    attempt?.abandoned();
    const nowMs = clock.now();
    const { text, kept } = generatePassword(nowMs, passwordLifetimeMs);
    const record = await records.update(login.account, (before) => ({
      section: records.section,
      tokens: login.tokens,
      dueAtMs: dueAt(login, nowMs, revalidateAfterMs),
      labels: login.labels,
      passwords: [...holding(before?.passwords ?? [], nowMs), kept].slice(-MAX_PASSWORDS),
      legacyHash: before?.legacyHash,
      legacyExpiresAtMs: before?.legacyHash
        ? (before.legacyExpiresAtMs ?? nowMs + passwordLifetimeMs)
        : undefined,
      claim: undefined,
    }));
    log.info('somebody signed in with a browser and got a password', {
      ...{ section: records.section, provider: upstream.title, account: login.account, passwordId: kept.id },
    });
    return this.#signedIn(login.account, record, { text, expiresAtMs: kept.expiresAtMs });
  }

  /**
   * @param revocation of a {@link ListedPassword}
   * @throws SignInRefused
   */
  async revoke(revocation: string): Promise<SignedIn> {
    const { records, clock, log } = this.#parts;
    const opened = this.#open(revocation, 'revocation');
    if (!isRevocation(opened) || clock.now() >= opened.untilMs) {
      throw new SignInRefused('This page is older than half an hour. Sign in again.');
    }
    const { account, id } = opened;
    const record = await records.update(account, (found) => found && withoutPassword(found, id));
    await this.#parts.revoke?.('grant', grantOf(id));
    log.info('a password was revoked', { section: records.section, account, passwordId: id });
    return this.#signedIn(account, record, undefined);
  }

  #signedIn(account: string, record: LoginRecord | undefined, password: SignedIn['password']): SignedIn {
    const nowMs = this.#parts.clock.now();
    const { tokens, legacyHash, legacyExpiresAtMs = 0 } = record ?? {};
    const untilMs = nowMs + PAGE_LIFETIME_MS;
    const revocation = (id: string) => this.#seal({ account, id, untilMs }, 'revocation');
    const passwords = holding(record?.passwords ?? [], nowMs).toReversed();
    return {
      account,
      password,
      passwords: passwords.map(({ hash: _, ...rest }) => ({
        ...rest,
        revocation: revocation(rest.id),
      })),
      legacy:
        legacyHash !== undefined && nowMs < legacyExpiresAtMs
          ? { expiresAtMs: legacyExpiresAtMs, revocation: revocation(LEGACY_ID) }
          : undefined,
      endsAtMs: tokens?.refresh === undefined ? tokens?.accessUntilMs : undefined,
    };
  }

  #seal(value: unknown, about: string): string {
    return this.#parts.sealer.seal(JSON.stringify(value), about);
  }

  #open(sealed: string, about: string): unknown {
    const text = this.#parts.sealer.open(sealed, about);
    return text === undefined ? undefined : JSON.parse(text);
  }
}

/** undefined where it was the last one: what the identity provider gave is then kept no longer. */
function withoutPassword(record: LoginRecord, id: string): LoginRecord | undefined {
  const passwords = record.passwords.filter((password) => password.id !== id);
  const legacyHash = id === LEGACY_ID ? undefined : record.legacyHash;
  return passwords.length === 0 && legacyHash === undefined
    ? undefined
    : { ...record, passwords, legacyHash };
}

function holding(passwords: readonly GeneratedPassword[], nowMs: number): GeneratedPassword[] {
  return passwords.filter(({ expiresAtMs }) => nowMs < expiresAtMs);
}
