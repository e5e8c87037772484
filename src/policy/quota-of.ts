import { decidingEntry, type RepositoryRule } from './repository-rules.ts';

/** The quota that counts for one repository. */
export interface RepositoryQuota {
  readonly maxBytes: number | undefined;
  readonly maxTags: number | undefined;
  /** What all repositories of the entry share, by a name that says which they are; undefined: each has its own. */
  readonly allowance: string | undefined;
  /** Where in the configuration it stands: `repositories[1].quota`. */
  readonly key: string;
}

/** Undefined where no entry decides. */
export function quotaOf(rules: readonly RepositoryRule[], repository: string): RepositoryQuota | undefined {
  const entry = decidingEntry(rules, repository, 'quota');
  if (entry === undefined) return undefined;
  const { match = [], quota } = rules[entry] ?? {};
  return {
    maxBytes: quota?.maxBytes,
    maxTags: quota?.maxTags,
    // No two entries that decide have the same patterns.
    allowance: quota?.isShared === true ? match.map(({ text }) => text).join(' ') : undefined,
    key: `repositories[${entry}].quota`,
  };
}
