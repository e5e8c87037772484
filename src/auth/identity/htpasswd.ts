import { isBcrypt } from './password-hash.ts';

/** A password file, read. */
export interface HtpasswdFile {
  /** bcrypt hash by account. */
  readonly hashes: ReadonlyMap<string, string>;
  /** Entries that nobody can log in with, and why. */
  readonly ignored: readonly IgnoredEntry[];
}

/** An entry that is passed over. */
export interface IgnoredEntry {
  /** Counted from 1. */
  readonly line: number;
  /** The account; never what stands behind it. */
  readonly account: string;
  readonly reason: 'not-bcrypt' | 'written-again' | 'no-account';
}

/** A line that is no entry. */
export class HtpasswdSyntaxError extends Error {
  readonly line: number;

  constructor(line: number) {
    super('there is no colon: an entry is name:hash');
    this.name = 'HtpasswdSyntaxError';
    this.line = line;
  }
}

/**
 * Reads what `htpasswd -B` writes, as distribution's `parseHTPasswd` does: `name:hash` on each line, blanks around it
 * do not count, lines that begin with `#` are comments, and of two entries for a name the later holds. Hashes other than
 * bcrypt never match there; here they are told as well.
 * @throws HtpasswdSyntaxError
 */
export function parseHtpasswd(text: string): HtpasswdFile {
  const hashes = new Map<string, string>();
  const lineOf = new Map<string, number>();
  const ignored: IgnoredEntry[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = index + 1;
    const entry = raw.trim();
    if (entry === '' || entry.startsWith('#')) continue;
    const colon = entry.indexOf(':');
    if (colon === -1) throw new HtpasswdSyntaxError(line);
    const account = entry.slice(0, colon);
    const hash = entry.slice(colon + 1);
    if (account === '') {
      ignored.push({ line, account, reason: 'no-account' });
      continue;
    }
    const earlier = lineOf.get(account);
    if (earlier !== undefined) ignored.push({ line: earlier, account, reason: 'written-again' });
    hashes.delete(account);
    lineOf.set(account, line);
    if (isBcrypt(hash)) hashes.set(account, hash);
    else ignored.push({ line, account, reason: 'not-bcrypt' });
  }
  return { hashes, ignored };
}
