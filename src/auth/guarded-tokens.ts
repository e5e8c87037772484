import { formatScope } from '../oci/scope.ts';
import type { Audit, AuditEntry, AuditOutcome, Clock, Metrics } from '../ports.ts';
import { claimOf, loginClaim } from './claim.ts';
import { TooManyLogins } from './slots.ts';
import type { Throttle } from './throttle.ts';
import {
  AuthenticationFailed,
  type ScopeDecision,
  type TokenAnswer,
  type TokenAnswers,
  type TokenRequest,
  UnknownService,
} from './token-service.ts';

/** What watches over logins. */
export interface LoginGuard {
  /** undefined: nobody is ever held up. */
  readonly throttle: Throttle | undefined;
  /** undefined: nothing is noted. */
  readonly audit: Audit | undefined;
  readonly clock: Clock;
  /** undefined: nothing is counted. */
  readonly metrics?: Metrics | undefined;
}

/** A token service that holds up whoever guesses passwords or forges tokens, and notes who got what. */
export class GuardedTokens implements TokenAnswers {
  readonly #inner: TokenAnswers;
  readonly #guard: LoginGuard;

  constructor(inner: TokenAnswers, guard: LoginGuard) {
    this.#inner = inner;
    this.#guard = guard;
  }

  async answer(request: TokenRequest): Promise<TokenAnswer> {
    const { throttle, audit, clock, metrics } = this.#guard;
    const note = (entry: Pick<AuditEntry, 'outcome'> & Partial<AuditEntry>): void => {
      metrics?.counter('berth_logins_total', { by: methodOf(request), outcome: entry.outcome }).add();
      audit?.record({
        kind: 'login',
        atMs: clock.now(),
        requestId: request.origin?.requestId ?? '',
        account: request.credentials?.account ?? '',
        address: request.address,
        clientId: request.clientId,
        userAgent: request.origin?.userAgent,
        service: request.service,
        ...entry,
      });
    };
    const asked = request.scopes.map((wanted) => ({ wanted, granted: [], rule: '' }));
    const failed = (outcome: AuditOutcome, error: unknown): void =>
      note({ outcome, reason: reasonOf(outcome, error), scopes: scopesOf(asked) });
    const { address } = request;
    const claim = claimOf(request);
    let attempt: ReturnType<Throttle['admit']> | undefined;
    try {
      attempt = claim && throttle?.admit(claim, address);
    } catch (error) {
      failed('throttled', error);
      throw error;
    }
    try {
      const answer = await this.#inner.answer(request);
      attempt?.succeeded();
      if (answer.refreshToken !== undefined) throttle?.expect(loginClaim(answer.refreshToken), address);
      const { subject: account, provider, decisions } = answer;
      note({ outcome: outcomeOf(decisions), account, provider, scopes: scopesOf(decisions) });
      return answer;
    } catch (error) {
      if (error instanceof AuthenticationFailed && error.isGuess) attempt?.failed();
      else attempt?.abandoned();
      failed(outcomeOfError(error), error);
      throw error;
    }
  }
}

function methodOf({ credentials, refreshToken, assertion }: TokenRequest): string {
  if (credentials !== undefined) return 'password';
  if (refreshToken !== undefined) return 'refresh_token';
  return assertion === undefined ? 'anonymous' : 'token_exchange';
}

function outcomeOfError(error: unknown): AuditOutcome {
  if (error instanceof AuthenticationFailed) return 'wrong-credentials';
  if (error instanceof TooManyLogins) return 'throttled';
  return error instanceof UnknownService ? 'refused' : 'failed';
}

/** What a fault says may hold anything; it stands in the log under the same request id. */
function reasonOf(outcome: AuditOutcome, error: unknown): string {
  return outcome !== 'failed' && error instanceof Error ? error.message : 'see the log';
}

function outcomeOf(decisions: readonly ScopeDecision[]): AuditOutcome {
  const wanted = decisions.filter((decision) => decision.wanted.actions.length > 0);
  if (wanted.every(isWhole)) return 'granted';
  return wanted.some(({ granted }) => granted.length > 0) ? 'partly-granted' : 'denied';
}

function isWhole({ wanted, granted }: ScopeDecision): boolean {
  return (
    formatScope({ ...wanted, actions: wanted.actions.toSorted() }) ===
    formatScope({ ...wanted, actions: granted })
  );
}

function scopesOf(decisions: readonly ScopeDecision[]): NonNullable<AuditEntry['scopes']> {
  return decisions.map(({ wanted: { type, name, actions }, granted, rule }) => ({
    ...{ type, name, asked: actions, granted, rule },
  }));
}
