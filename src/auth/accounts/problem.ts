/** Why something that an administrator asked for was not done; nothing was changed. */
export type AccountProblemKind = 'invalid' | 'unknown' | 'exists' | 'last-admin';

/** The message is a sentence for whoever asked. */
export class AccountProblem extends Error {
  readonly kind: AccountProblemKind;

  constructor(kind: AccountProblemKind, message: string) {
    super(message);
    this.name = 'AccountProblem';
    this.kind = kind;
  }
}
