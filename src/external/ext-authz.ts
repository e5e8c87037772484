import type { AccessContext, Authorizer, Verdict } from '../auth/authorizer.ts';
import type { Identity } from '../auth/identity/provider.ts';
import type { Access } from '../oci/scope.ts';
import { OutsideFault } from './fault.ts';
import type { Program } from './program.ts';
import { authRequestInfo, authRequestJson } from './question.ts';

const ALLOWED = 0;
const DENIED = 1;

/**
 * docker_auth's `ext_authz`: a program reads the request as JSON and answers by its exit code, all or nothing. It always
 * decides, so that nothing behind it is asked.
 */
export class ExtAuthz implements Authorizer {
  readonly name: string;
  readonly #program: Program;
  readonly #rule: string;

  /** @param rule what decisions are said to come from */
  constructor(program: Program, rule: string) {
    this.name = program.name;
    this.#program = program;
    this.#rule = rule;
  }

  async authorize(who: Identity, wanted: Access, context: AccessContext): Promise<Verdict> {
    const { code } = await this.#program.ask(authRequestJson(authRequestInfo(who, wanted, context)));
    if (code === ALLOWED) return { granted: wanted.actions, rule: this.#rule };
    if (code === DENIED) return { granted: [], rule: this.#rule };
    throw new OutsideFault(this.name, `the program ended with exit code ${code}`);
  }

  async close(): Promise<void> {
    await this.#program.close();
  }
}
