import type { AccessContext, Authorizer, Verdict } from '../auth/authorizer.ts';
import type { Credentials, Identity, IdentityProvider } from '../auth/identity/provider.ts';
import type { Access } from '../oci/scope.ts';
import { readIdentity, readVerdict } from './answers.ts';
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
  close(): Promise<void>;
}

/** Accounts of which somebody outside knows. */
export class AskedProvider implements IdentityProvider {
  readonly name: string;
  readonly #oracle: Oracle;

  constructor(oracle: Oracle) {
    this.name = oracle.name;
    this.#oracle = oracle;
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
