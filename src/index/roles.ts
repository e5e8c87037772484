/** What somebody may do in some repositories. */
export interface RoleRecord {
  readonly kind: 'account' | 'group';
  /** Of the account or of the group. */
  readonly name: string;
  /** Of repositories, as `compileNamePattern` takes it. */
  readonly pattern: string;
  readonly role: string;
}

/** Whose roles are meant; what is undefined means all. */
export interface RoleFilter {
  readonly kind?: 'account' | 'group' | undefined;
  readonly name?: string | undefined;
}

/** Who may do what where. */
export interface RoleIndex {
  list(filter: RoleFilter): Promise<RoleRecord[]>;
  /** Those of an account and of groups. */
  of(account: string, groups: readonly string[]): Promise<RoleRecord[]>;
  /** @returns `unknown` where it is for a group that is not there; `unchanged` where it was granted already */
  grant(role: RoleRecord, atMs: number): Promise<'done' | 'unknown' | 'unchanged'>;
  /** Revokes what was issued to the account, or to the group's members. @returns false where it was not granted */
  revoke(role: RoleRecord, atMs: number): Promise<boolean>;
}
