/** Where in the acl list: `[3, 'match', 'account']`. */
export type AclPath = readonly (string | number)[];

/** A rule that cannot be compiled. The message says what to write; the caller adds file and line. */
export class AclSyntaxError extends Error {
  readonly code = 'ACL_SYNTAX';
  readonly path: AclPath;

  constructor(message: string, path: AclPath, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AclSyntaxError';
    this.path = path;
  }
}

/** A rule that compiles, and most likely does not do what was meant. */
export interface AclWarning {
  readonly path: AclPath;
  readonly message: string;
}
