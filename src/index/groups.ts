import type { Page } from './tags.ts';

/** Accounts that have roles in common. */
export interface GroupRecord {
  readonly name: string;
  readonly createdAtMs: number;
  /** How many accounts were put into it by name. */
  readonly members: number;
}

/** Whoever has this value among this label belongs to the group. */
export interface GroupMapping {
  /** Such as `groups`. */
  readonly label: string;
  readonly value: string;
  readonly group: string;
}

/** Groups of accounts. Members are names of accounts, of any provider. */
export interface GroupIndex {
  list(page: Page): Promise<GroupRecord[]>;
  members(group: string, page: Page): Promise<string[]>;
  /** @returns false where there is one of this name */
  create(group: string, atMs: number): Promise<boolean>;
  /** With its roles and mappings; revokes what was issued to its members. @returns false where there is none */
  remove(group: string, atMs: number): Promise<boolean>;
  /** @returns `unknown` where there is no such group; `unchanged` where the account is a member already */
  join(group: string, account: string): Promise<'done' | 'unknown' | 'unchanged'>;
  /** Revokes what was issued to the account. @returns false where it is no member */
  leave(group: string, account: string, atMs: number): Promise<boolean>;
  /** Those that an account was put into by name, in ASCII order. */
  of(account: string): Promise<string[]>;
  mappings(): Promise<GroupMapping[]>;
  /** The groups of a value of a label. */
  mapped(label: string, value: string): Promise<string[]>;
  /** @returns `unknown` where there is no such group; `unchanged` where it is mapped already */
  map(mapping: GroupMapping): Promise<'done' | 'unknown' | 'unchanged'>;
  /** @returns false where there is no such mapping */
  unmap(mapping: GroupMapping): Promise<boolean>;
}
