import type { Access } from '../oci/scope.ts';
import type { Clock, Logger, Metrics } from '../ports.ts';
import {
  type CompiledRules,
  compileStoredRules,
  type StoredRule,
  StoredRuleError,
} from './acl/stored-rules.ts';
import { aclAuthorizer } from './acl-authorizer.ts';
import type { AccessContext, Authorizer, ExplainedVerdict, Verdict } from './authorizer.ts';
import type { Identity } from './identity/provider.ts';
import { Unreachable } from './unreachable.ts';

/** Rules that are outside of this process. */
export interface RuleSource {
  /** All of them, within a time limit of its own. @throws Error that says why they cannot be read */
  load(): Promise<readonly StoredRule[]>;
  close(): Promise<void>;
}

export interface StoredRulesOptions {
  /** The section of the configuration: `acl_xorm`. */
  readonly name: string;
  readonly source: RuleSource;
  /** How often the rules are read, in milliseconds. */
  readonly everyMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Without any rules each request wants them read; so long it takes at least from one try to the next. */
const REST_MS = 1_000;
/** The same failure is logged again after so long. */
const REPEAT_MS = 60_000;
/** What a timer of Node can be set to. */
const MAX_TIMER_MS = 2 ** 31 - 1;

type Outcome = 'loaded' | 'unchanged' | 'refused' | 'failed';

/**
 * Rules of a database, read again every so often, and taken whole or not at all: after a failure, or with a rule that
 * cannot be used, those that were read before stay. Until there are any, nothing can be decided.
 */
export class StoredRules implements Authorizer {
  readonly name: string;
  readonly #options: StoredRulesOptions;
  #rules: { readonly authorizer: Authorizer; readonly text: string } | undefined;
  #loading: Promise<void> | undefined;
  #failure: { readonly reason: string; readonly loggedMs: number; readonly atMs: number } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: StoredRulesOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /**
   * Begins to read the rules, now and from time to time, until `close`. Resolves after the first try; never rejects.
   * @param before the authorizers whose place this one takes: the rules that one of its name has read stay in use until
   *   they can be read anew
   */
  async start(before: readonly Authorizer[] = []): Promise<void> {
    const former = before.find((one) => one instanceof StoredRules && one.name === this.name);
    if (former instanceof StoredRules) this.#rules ??= former.#rules;
    const again = (): void => {
      if (this.#isClosed) return;
      this.#timer = setTimeout(() => void next(), Math.min(this.#options.everyMs, MAX_TIMER_MS));
      this.#timer.unref();
    };
    const next = (): Promise<void> => this.reload().finally(again);
    await next();
  }

  /** Reads the rules; whoever asks while it goes on waits for the same. Never rejects. */
  reload(): Promise<void> {
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  /** @throws Unreachable where there are no rules that could decide */
  async authorize(who: Identity, wanted: Access, context: AccessContext): Promise<Verdict> {
    return (await this.#known()).authorize(who, wanted, context);
  }

  /** @throws Error where there are no rules that could decide */
  async explain(who: Identity, wanted: Access, context: AccessContext): Promise<ExplainedVerdict> {
    const rules = await this.#known();
    if (rules.explain === undefined)
      return { verdict: await rules.authorize(who, wanted, context), tried: [] };
    return rules.explain(who, wanted, context);
  }

  async #known(): Promise<Authorizer> {
    if (this.#rules === undefined) {
      const rests = this.#failure !== undefined && performance.now() < this.#failure.atMs + REST_MS;
      if (!rests) await this.reload();
    }
    if (this.#rules === undefined) {
      throw new Unreachable(
        `${this.name}: there are no rules to decide by: ${this.#failure?.reason ?? 'none were read'}`,
      );
    }
    return this.#rules.authorizer;
  }

  /** Whether there are rules to decide by; those that were read before do. */
  async ping(): Promise<void> {
    if (this.#rules === undefined) await this.reload();
    if (this.#rules === undefined) throw new Error(this.#failure?.reason ?? 'no rules were read');
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#loading;
    await this.#options.source.close();
  }

  async #load(): Promise<void> {
    const { metrics, name, source } = this.#options;
    let outcome: Outcome;
    try {
      outcome = this.#take(await source.load());
      this.#failure = undefined;
    } catch (error) {
      outcome = error instanceof StoredRuleError ? 'refused' : 'failed';
      this.#fail(error instanceof Error ? error.message : String(error));
    }
    metrics.counter('berth_rule_reloads_total', { source: name, outcome }).add();
  }

  #take(stored: readonly StoredRule[]): Outcome {
    const text = JSON.stringify(stored, (_, value: unknown) =>
      typeof value === 'bigint' ? `${value}` : value,
    );
    if (this.#rules?.text === text) {
      if (this.#failure !== undefined)
        this.#options.log.info('rules can be read again', { source: this.name });
      return 'unchanged';
    }
    const compiled = compileStoredRules(stored);
    this.#rules = { authorizer: this.#authorizerOf(compiled), text };
    const { log } = this.#options;
    log.info('rules were read', { source: this.name, rules: stored.length });
    for (const reason of compiled.warnings) {
      log.warn('a rule looks like a mistake', { source: this.name, reason });
    }
    return 'loaded';
  }

  #authorizerOf({ acl, describe }: CompiledRules): Authorizer {
    return aclAuthorizer(acl, (index) => `${this.name}, ${describe(index)}`);
  }

  #fail(reason: string): void {
    const { clock, log } = this.#options;
    const now = clock.now();
    const known = this.#failure;
    const isNews = known === undefined || known.reason !== reason || now >= known.loggedMs + REPEAT_MS;
    this.#failure = { reason, atMs: performance.now(), loggedMs: isNews ? now : known.loggedMs };
    if (!isNews) return;
    const message =
      this.#rules === undefined
        ? 'rules cannot be read; requests that need them fail until they can'
        : 'rules cannot be read anew; those that were read before stay';
    log.error(message, { source: this.name, reason });
  }
}
