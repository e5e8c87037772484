import type { AccessContext, Authorizer, Verdict } from '../auth/authorizer.ts';
import type { Credentials, Identity, IdentityProvider, Standing } from '../auth/identity/provider.ts';
import type { Access } from '../oci/scope.ts';
import { readIdentity, readStanding, readVerdict } from './answers.ts';
import { OutsideFault } from './fault.ts';
import { accessQuestion } from './question.ts';

/** Somebody outside who takes a question as plain data and answers in the same way: an HTTP service, a plugin. */
export interface Oracle {
  readonly name: string;
  /**
   * @param secret is in the question and must not come into the log
   * @throws OutsideFault; TooManyLogins
   */
  ask(question: unknown, secret?: string): Promise<unknown>;
  /**
   * How an account stands, without its password; missing where it does not say so.
   * @throws OutsideFault; TooManyLogins
   */
  readonly lookup?: ((question: unknown) => Promise<unknown>) | undefined;
  close(): Promise<void>;
}

/** Accounts of which somebody outside knows. */
export class AskedProvider implements IdentityProvider {
  readonly name: string;
  readonly lookup?: (account: string) => Promise<Standing | 'gone'>;
  readonly #oracle: Oracle;

  constructor(oracle: Oracle) {
    const { name, lookup } = oracle;
    this.name = name;
    this.#oracle = oracle;
    if (lookup === undefined) return;
    this.lookup = async (account) => {
      const answer = await lookup.call(oracle, { account });
      return understood(name, () => readStanding(answer, account));
    };
  }

  async authenticate({ account, password }: Credentials): Promise<Identity | 'no-match' | 'wrong-password'> {
    const answer = await this.#oracle.ask({ account, password }, password);
    return understood(this.name, () => readIdentity(answer, account));
  }

  async pretend(credentials: Credentials): Promise<void> {
    await this.authenticate(credentials);
  }

  async close(): Promise<void> {
    await this.#oracle.close();
  }
}

/** Rules that somebody outside knows. */
export class AskedAuthorizer implements Authorizer {
  readonly name: string;
  readonly #oracle: Oracle;
  readonly #rule: string;

  /** @param rule what decisions are said to come from */
  constructor(oracle: Oracle, rule: string) {
    this.name = oracle.name;
    this.#oracle = oracle;
    this.#rule = rule;
  }

  async authorize(who: Identity, wanted: Access, context: AccessContext): Promise<Verdict> {
    const answer = await this.#oracle.ask(accessQuestion(who, wanted, context));
    return understood(this.name, () => readVerdict(answer, wanted.actions, this.#rule));
  }

  async close(): Promise<void> {
    await this.#oracle.close();
  }
}

function understood<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new OutsideFault(name, `the answer cannot be understood: ${error.message}`);
  }
}
