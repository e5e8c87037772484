import type { Entry } from './connection.ts';
import { valuesOf } from './labels.ts';

/**
 * Attributes that change with a password, the most telling first: Active Directory's, that of password policies
 * (draft-behera-ldap-password-policy), and what every directory has and changes with anything of the entry.
 */
const CHANGES = ['pwdLastSet', 'pwdChangedTime', 'modifyTimestamp'];

/** Attributes by which directories lock an account; those that have none of them are asked in vain. */
const LOCKS = ['userAccountControl', 'accountExpires', 'nsAccountLock', 'pwdAccountLockedTime'];

/** What has to be asked for. */
export const STANDING_ATTRIBUTES: readonly string[] = [...CHANGES, ...LOCKS];

/** Active Directory's ADS_UF_ACCOUNTDISABLE. */
const DISABLED = 2;
/** Password policies: locked until somebody unlocks it. Other times are those of too many wrong passwords, and pass. */
const LOCKED_FOR_GOOD = '000001010000Z';
/** Active Directory counts in 100 ns since 1601; 0 and the largest number are never. */
const EPOCH_1601_MS = 11_644_473_600_000n;
const NEVER = 2n ** 63n - 1n;

/** Whether the directory would no longer let the account in, whatever the password. */
export function isLocked(entry: Entry, nowMs: number): boolean {
  const [control = '0'] = valuesOf(entry, 'userAccountControl');
  const [expires = '0'] = valuesOf(entry, 'accountExpires');
  return (
    (Number(control) & DISABLED) !== 0 ||
    isPast(expires, nowMs) ||
    valuesOf(entry, 'nsAccountLock').some((value) => value.toLowerCase() === 'true') ||
    valuesOf(entry, 'pwdAccountLockedTime').includes(LOCKED_FOR_GOOD)
  );
}

/** Another text after another password was set; undefined where the directory shows nothing by which that can be told. */
export function passwordVersion(entry: Entry): string | undefined {
  for (const attribute of CHANGES) {
    const [value] = valuesOf(entry, attribute);
    if (value !== undefined) return `${attribute}=${value}`;
  }
  return undefined;
}

function isPast(time: string, nowMs: number): boolean {
  if (!/^[0-9]{1,19}$/.test(time)) return false;
  const value = BigInt(time);
  return value !== 0n && value !== NEVER && value / 10_000n - EPOCH_1601_MS <= BigInt(nowMs);
}
