import type { AccessTokenIndex } from '../../index/access-tokens.ts';
import type { AccountIndex } from '../../index/accounts.ts';
import type { Access } from '../../oci/scope.ts';
import type { Clock } from '../../ports.ts';
import { formatLimit, narrowedBy } from '../accounts/limits.ts';
import { CompiledPatterns } from '../accounts/patterns.ts';
import { type AccessContext, type Authorizer, type Decision, NO_RULE, narrowed } from '../authorizer.ts';
import type { Identity, IdentityProvider } from '../identity/provider.ts';
import type {
  AccessExplanation,
  AccessQuestion,
  AccountState,
  RulesAsked,
  SourceAsked,
} from './access-explanation.ts';

/** What a token service is made of, save that logins are not noted. */
export interface AccessExplainerParts {
  readonly providers: readonly IdentityProvider[];
  readonly authorizers: readonly Authorizer[];
  /** See `TokenServiceParts`. */
  readonly complete: ((who: Identity) => Promise<Identity>) | undefined;
  /** Undefined where no accounts are kept. */
  readonly index:
    | { readonly accounts: Pick<AccountIndex, 'find'>; readonly accessTokens: Pick<AccessTokenIndex, 'list'> }
    | undefined;
  readonly clock: Clock;
}

/** No account has such a token. */
export class UnknownToken extends Error {
  constructor(account: string, token: string) {
    super(`account ${JSON.stringify(account)} has no token ${JSON.stringify(token)}`);
    this.name = 'UnknownToken';
  }
}

interface Standing {
  readonly identity: Identity;
  readonly state: AccountState;
  readonly sources: readonly SourceAsked[];
}

/** Says how it is decided what somebody may do: asks what a request for a token asks, and tells all of it. */
export class AccessExplainer {
  readonly #parts: AccessExplainerParts;
  readonly #patterns = new CompiledPatterns();

  constructor(parts: AccessExplainerParts) {
    this.#parts = parts;
  }

  /** @throws UnknownToken; what a source of rules or accounts that is away says is part of the explanation */
  async explain(question: AccessQuestion): Promise<AccessExplanation> {
    const { type, name, actions, service, address } = question;
    const wanted: Access = { type, name, actions };
    const standing = await this.#standing(question);
    const token = await this.#token(question);
    const extended: Identity = {
      ...standing.identity,
      labels: mergedLabels(standing.identity.labels, question.labels ?? {}),
      ...(token?.limits && { limit: narrowedBy(token.limits, this.#patterns) }),
    };
    const completed = (await this.#parts.complete?.(extended)) ?? extended;
    const identity = withMoreGroups(completed, question.groups ?? []);
    const { rules, decision } = await this.#decide(identity, wanted, { service, address });
    const state = token?.isExpired === true ? 'expired' : standing.state;
    const denied = WHY_NO_TOKEN[state];
    const final = decision && narrowed(identity, wanted, decision);
    const granted = denied === undefined ? (final?.granted ?? []).toSorted() : [];
    const whyNot = (action: string): string => {
      if (denied !== undefined) return denied;
      if (decision === undefined)
        return 'a source of rules cannot decide, so that the request for a token fails';
      if (decision.granted.includes(action)) return 'the token has limits that leave it out';
      return decision === NO_RULE ? decision.rule : `what decides does not grant it: ${decision.rule}`;
    };
    return {
      account: question.account,
      state,
      isAdmin: identity.isAdmin,
      isRobot: identity.isRobot === true,
      labels: Object.entries(identity.labels).map(([label, values]) => ({ label, values })),
      groups: identity.groups ?? [],
      wanted,
      service,
      ...(address !== undefined && { address }),
      sources: standing.sources,
      rules,
      ...(token?.limits && { limits: token.limits.map(formatLimit) }),
      granted,
      refused: actions
        .filter((action) => !granted.includes(action))
        .map((action) => ({ action, why: whyNot(action) })),
    };
  }

  async #standing({ account, labels, groups }: AccessQuestion): Promise<Standing> {
    const sources: SourceAsked[] = [];
    let isUntold = labels !== undefined || groups !== undefined;
    for (const provider of this.#parts.providers) {
      const say = (answer: string): void => void sources.push({ provider: provider.name, answer });
      if (account === '') {
        const identity = provider.anonymous?.();
        say(identity === undefined ? 'refuses whoever does not log in' : 'lets in whoever does not log in');
        if (identity !== undefined) return { identity, state: 'known', sources };
        continue;
      }
      if (provider.lookup === undefined) {
        isUntold = true;
        say('cannot tell without the password');
        continue;
      }
      try {
        const found = await provider.lookup(account);
        if (found !== 'gone') {
          say('knows the account');
          return { identity: found.identity, state: 'known', sources };
        }
        say('does not know the account, or does not let it in');
      } catch (error) {
        isUntold = true;
        say(`cannot be asked: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    const identity: Identity = { account, labels: {}, isAdmin: false };
    const kept = account === '' ? undefined : await this.#parts.index?.accounts.find(account);
    if (kept !== undefined) {
      const { isAdmin, kind } = kept;
      const of = { ...identity, labels: kept.labels, isAdmin, ...(kind === 'robot' && { isRobot: true }) };
      return { identity: of, state: kept.isDisabled ? 'disabled' : 'expired', sources };
    }
    return { identity, state: isUntold && account !== '' ? 'untold' : 'unknown', sources };
  }

  async #token({ account, token: wanted }: AccessQuestion) {
    if (wanted === undefined) return undefined;
    const tokens = (await this.#parts.index?.accessTokens.list(account)) ?? [];
    const found = tokens.find(({ id, name }) => id === wanted || name === wanted);
    if (found === undefined) throw new UnknownToken(account, wanted);
    const isExpired = found.expiresAtMs !== undefined && found.expiresAtMs <= this.#parts.clock.now();
    return { limits: found.limits, isExpired };
  }

  async #decide(
    who: Identity,
    wanted: Access,
    context: AccessContext,
  ): Promise<{ rules: readonly RulesAsked[]; decision: Decision | undefined }> {
    const rules: RulesAsked[] = [];
    let decision: Decision | undefined;
    let isOver = false;
    for (const authorizer of this.#parts.authorizers) {
      if (isOver) {
        rules.push({ authorizer: authorizer.name, outcome: 'not-asked', tried: [] });
        continue;
      }
      try {
        const { verdict, tried } = (await authorizer.explain?.(who, wanted, context)) ?? {
          verdict: await authorizer.authorize(who, wanted, context),
          tried: [],
        };
        if (verdict === 'no-match') {
          rules.push({ authorizer: authorizer.name, outcome: 'leaves-it', tried });
          continue;
        }
        decision = verdict;
        rules.push({ authorizer: authorizer.name, outcome: 'decides', tried, reason: verdict.rule });
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        rules.push({ authorizer: authorizer.name, outcome: 'fails', tried: [], reason });
      }
      isOver = true;
    }
    return { rules, decision: isOver ? decision : NO_RULE };
  }
}

const WHY_NO_TOKEN: Readonly<Record<AccountState, string | undefined>> = {
  known: undefined,
  untold: undefined,
  unknown: 'nobody knows such an account, so that it gets no token',
  disabled: 'the account is disabled, so that it gets no token',
  expired: 'the account or its token has expired, so that it gets no token',
};

function mergedLabels(known: Identity['labels'], more: Identity['labels']): Identity['labels'] {
  const merged = new Map(Object.entries(known));
  for (const [label, values] of Object.entries(more)) {
    merged.set(label, [...new Set([...(merged.get(label) ?? []), ...values])]);
  }
  return Object.fromEntries(merged);
}

function withMoreGroups(who: Identity, more: readonly string[]): Identity {
  if (more.length === 0) return who;
  const groups = [...new Set([...(who.groups ?? []), ...more])].toSorted();
  return { ...who, groups, labels: mergedLabels(who.labels, { groups: more }) };
}
