import type { Access } from '../oci/scope.ts';
import type { Clock } from '../ports.ts';
import type { AccessContext, Authorizer, Verdict } from './authorizer.ts';
import type { Identity } from './identity/provider.ts';
import type { Source } from './source.ts';

const MAX_ENTRIES = 10_000;

/**
 * Rules that are out of this process, asked once for the same question within a short time: one push asks for several
 * tokens. That is safe, since all that the rules can see is part of the question, and since the token that carries an
 * answer keeps it for longer. Failures are not remembered.
 */
export class RememberedAuthorizer implements Authorizer {
  readonly name: string;
  readonly ping?: () => Promise<void>;
  #inner: Authorizer;
  #source: Pick<Source, 'countRemembered'> | undefined;
  readonly #clock: Clock;
  readonly #forMs: number;
  readonly #known = new Map<string, { readonly verdict: Verdict; readonly untilMs: number }>();
  readonly #underWay = new Map<string, Promise<Verdict>>();

  constructor(inner: Authorizer, clock: Clock, forMs: number) {
    this.name = inner.name;
    this.#inner = inner;
    this.#clock = clock;
    this.#forMs = forMs;
    if (inner.ping) this.ping = async () => this.#inner.ping?.();
  }

  /** Puts something between this and the authorizer behind, once, and tells `source` what was remembered. */
  watch(wrap: (inner: Authorizer) => Authorizer, source: Pick<Source, 'countRemembered'>): void {
    this.#inner = wrap(this.#inner);
    this.#source = source;
  }

  async authorize(who: Identity, wanted: Access, context: AccessContext): Promise<Verdict> {
    const { account, labels, isAdmin, groups } = who;
    const { service, address } = context;
    const question = JSON.stringify([
      account,
      labels,
      isAdmin,
      groups ?? null,
      wanted,
      service,
      address ?? null,
    ]);
    const known = this.#known.get(question);
    const isKnown = known !== undefined && this.#clock.now() < known.untilMs;
    let asking = isKnown ? undefined : this.#underWay.get(question);
    this.#source?.countRemembered(isKnown || asking !== undefined);
    if (isKnown) return known.verdict;
    this.#known.delete(question);
    if (asking === undefined) {
      asking = this.#ask(question, () => this.#inner.authorize(who, wanted, context)).finally(() =>
        this.#underWay.delete(question),
      );
      this.#underWay.set(question, asking);
    }
    return asking;
  }

  async close(): Promise<void> {
    await this.#inner.close?.();
  }

  async #ask(question: string, ask: () => Verdict | Promise<Verdict>): Promise<Verdict> {
    const verdict = await ask();
    if (this.#forMs <= 0) return verdict;
    if (this.#known.size >= MAX_ENTRIES) {
      const [oldest] = this.#known.keys();
      if (oldest !== undefined) this.#known.delete(oldest);
    }
    this.#known.set(question, { verdict, untilMs: this.#clock.now() + this.#forMs });
    return verdict;
  }
}
