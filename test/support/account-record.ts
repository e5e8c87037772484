import type { AccountRecord, NewAccount } from '../../src/index/accounts.ts';

/** An account as the index gives it, made at 1. */
export function accountRecord(given: NewAccount & Partial<AccountRecord>): AccountRecord {
  return {
    ...{ kind: 'user', isDisabled: false, labels: {}, createdAtMs: 1 },
    ...{ expiresAtMs: undefined, usedAtMs: undefined },
    ...given,
  };
}
