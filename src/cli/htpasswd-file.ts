import { randomBytes } from 'node:crypto';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  type HtpasswdFile,
  HtpasswdSyntaxError,
  type IgnoredEntry,
  parseHtpasswd,
} from '../auth/identity/htpasswd.ts';
import { hashForHtpasswd } from '../auth/identity/password-hash.ts';
import type { ConfigDocument } from '../config/document.ts';
import type { Logger } from '../ports.ts';
import { codeOf, reasonOf } from './failure.ts';
import { readNamedFile } from './key-files.ts';

const PATH = ['auth', 'htpasswd', 'path'];

/** The account that distribution makes in a new password file. */
const FIRST_ACCOUNT = 'docker';

/** A file of other hashes altogether would fill the log. */
const MAX_WARNINGS = 20;

/**
 * Makes a password file where there is none, with one account, as distribution's `createHtpasswdFile` does: its
 * password is in the log, this once. The folder is made, too.
 * @throws ConfigError
 */
export async function makeIfMissing(document: ConfigDocument, file: string, log: Logger): Promise<void> {
  // Looked for first: where there is one, its folder may be read-only.
  if (await isThere(file)) return;
  const password = randomBytes(32).toString('base64url');
  const entry = `${FIRST_ACCOUNT}:${await hashForHtpasswd(password)}\n`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    // Of several processes that start together, one makes the file.
    await writeFile(file, entry, { flag: 'wx', mode: 0o600, flush: true });
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return;
    throw document.errorAt(PATH, `cannot make ${file}: ${reasonOf(error)}`);
  }
  log.warn('htpasswd is missing, provisioning with default user', { user: FIRST_ACCOUNT, password });
}

async function isThere(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ENOENT';
  }
}

/**
 * Reads a password file; entries that nobody can log in with are named in the log, with what to do.
 * @throws ConfigError
 */
export function readHtpasswd(document: ConfigDocument, file: string, log: Logger): HtpasswdFile {
  const content = parsed(document, file);
  const { ignored } = content;
  for (const entry of ignored.slice(0, MAX_WARNINGS)) {
    log.warn('an entry of the htpasswd file is ignored', {
      place: `${file}:${entry.line}`,
      reason: reasonFor(entry, file),
    });
  }
  if (ignored.length > MAX_WARNINGS) {
    log.warn('more entries of the htpasswd file are ignored', { file, count: ignored.length - MAX_WARNINGS });
  }
  if (content.hashes.size === 0) {
    log.warn('nobody can log in: the htpasswd file has no usable entry', { file });
  }
  return content;
}

function parsed(document: ConfigDocument, file: string): HtpasswdFile {
  const text = readNamedFile(document, PATH, file);
  try {
    return parseHtpasswd(text);
  } catch (error) {
    if (!(error instanceof HtpasswdSyntaxError)) throw error;
    throw document.errorAt(
      PATH,
      `${file}:${error.line}: ${error.message}; write it with: htpasswd -B ${file} NAME`,
    );
  }
}

function reasonFor({ account, reason }: IgnoredEntry, file: string): string {
  const name = JSON.stringify(account);
  switch (reason) {
    case 'not-bcrypt':
      return `the password of ${name} is not hashed with bcrypt; write it with: htpasswd -B ${file} ${name}`;
    case 'written-again':
      return `${name} has a later entry, which holds; remove one of them`;
    case 'no-account':
      return 'there is no name before the colon';
  }
}
