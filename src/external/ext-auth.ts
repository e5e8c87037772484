import type { Credentials, Identity, IdentityProvider } from '../auth/identity/provider.ts';
import { OutsideFault } from './fault.ts';
import { type Labels, readLabels, readObject } from './labels.ts';
import type { Program } from './program.ts';

const ALLOWED = 0;
const DENIED = 1;
const NO_MATCH = 2;

/**
 * docker_auth's `ext_auth`: a program reads `<user> <password>` and answers by its exit code, and labels as JSON on its
 * standard output. A name with a space in it would shift the password, one with a line break would hide it from a
 * program that reads a line: such a question cannot be asked in this form, so that this provider knows no such account.
 */
export class ExtAuth implements IdentityProvider {
  readonly name: string;
  readonly #program: Program;

  constructor(program: Program) {
    this.name = program.name;
    this.#program = program;
  }

  async authenticate(credentials: Credentials): Promise<Identity | 'no-match' | 'wrong-password'> {
    const { account, password } = credentials;
    if (!canBeAsked(credentials)) return 'no-match';
    const { code, stdout } = await this.#program.ask(`${account} ${password}`, password);
    if (code === DENIED) return 'wrong-password';
    if (code === NO_MATCH) return 'no-match';
    if (code !== ALLOWED) throw new OutsideFault(this.name, `the program ended with exit code ${code}`);
    return { account, labels: this.#labels(stdout), isAdmin: false };
  }

  async pretend(credentials: Credentials): Promise<void> {
    await this.authenticate(credentials);
  }

  async close(): Promise<void> {
    await this.#program.close();
  }

  #labels(stdout: string): Labels {
    if (stdout.trim() === '') return {};
    try {
      return readLabels(readObject(JSON.parse(stdout))['labels']);
    } catch (error) {
      // The text of a syntax error repeats a part of what was written.
      const reason = error instanceof TypeError ? error.message : 'it is not JSON';
      throw new OutsideFault(this.name, `what the program wrote cannot be understood: ${reason}`);
    }
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be in a name
const UNSAFE_NAME = /[\s\u0000-\u001f\u007f-\u009f]/u;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the end of a line, or of a text in C
const UNSAFE_PASSWORD = /[\u0000\n\r]/u;

function canBeAsked({ account, password }: Credentials): boolean {
  return account !== '' && !UNSAFE_NAME.test(account) && !UNSAFE_PASSWORD.test(password);
}
