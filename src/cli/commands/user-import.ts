import { isNamespace, isSendable } from '../../auth/accounts/names.ts';
import { HtpasswdSyntaxError, parseHtpasswd } from '../../auth/identity/htpasswd.ts';
import { isBcrypt } from '../../auth/identity/password-hash.ts';
import { readDockerAuthUsers } from '../../config/imported-users.ts';
import { readText } from '../../config/read-text.ts';
import type { AccountLabels } from '../../index/accounts.ts';
import { type AccountOptions, withAccounts } from '../account-data.ts';
import { Failure } from '../failure.ts';
import { say } from '../say.ts';

/** Where accounts come from. */
export interface ImportOptions extends AccountOptions {
  readonly htpasswd?: string;
  readonly dockerAuth?: string;
}

/** An account as another program has it, or why it is none. */
interface Candidate {
  readonly name: string;
  readonly place: string;
  readonly passwordHash?: string;
  readonly labels?: AccountLabels;
  /** Undefined: it can be taken over. */
  readonly reason?: string;
}

const NOT_BCRYPT = 'its password is not hashed with bcrypt; make an account with berth user add';

function fromHtpasswd(file: string): Candidate[] {
  const content = readText(file);
  try {
    const { hashes, ignored } = parseHtpasswd(content);
    const reasons = {
      'not-bcrypt': NOT_BCRYPT,
      'written-again': 'a later line has the same name, and holds',
      'no-account': 'there is no name before the colon',
    };
    return [
      ...[...hashes].map(([name, passwordHash]) => ({ name, place: file, passwordHash })),
      ...ignored.map(({ line, account, reason }) => ({
        ...{ name: account, place: `${file}:${line}`, reason: reasons[reason] },
      })),
    ];
  } catch (error) {
    if (!(error instanceof HtpasswdSyntaxError)) throw error;
    throw new Failure(`${file}:${error.line}: ${error.message}`, { cause: error });
  }
}

function fromDockerAuth(file: string): Candidate[] {
  return readDockerAuthUsers(file).map(({ name, place, passwordHash, labels }): Candidate => {
    if (name === '') {
      return {
        name,
        place,
        reason: 'it stands for callers without an account; write it in the configuration',
      };
    }
    if (passwordHash === undefined) return { name, place, reason: 'it has no password' };
    return isBcrypt(passwordHash)
      ? { name, place, passwordHash, labels }
      : { name, place, reason: NOT_BCRYPT };
  });
}

function candidatesOf({ htpasswd, dockerAuth }: ImportOptions): Candidate[] {
  if (htpasswd !== undefined && dockerAuth === undefined) return fromHtpasswd(htpasswd);
  if (dockerAuth !== undefined && htpasswd === undefined) return fromDockerAuth(dockerAuth);
  throw new Failure('say what to import: either --htpasswd FILE or --docker-auth FILE');
}

/** `berth user import`: takes over accounts with their passwords, and tells of each what became of it. */
export async function importUsers(options: ImportOptions): Promise<void> {
  const candidates = candidatesOf(options);
  let taken = 0;
  await withAccounts(
    options,
    async ({ index }) => {
      for (const { name, place, passwordHash, labels = {}, reason } of candidates) {
        const skipped = (why: string) => say(`skipped ${JSON.stringify(name)} (${place}): ${why}`);
        if (passwordHash === undefined || reason !== undefined) {
          skipped(reason ?? NOT_BCRYPT);
        } else if (!isSendable(name)) {
          skipped('no client can log in by this name');
        } else if (await index.accounts.create({ name, passwordHash, labels, isAdmin: false }, Date.now())) {
          taken += 1;
          say(`took ${JSON.stringify(name)}${remarks(name, labels)}`);
        } else {
          skipped('there is an account of this name already, which stays as it is');
        }
      }
    },
    { mayCreate: true },
  );
  say(`${taken} accounts taken, ${candidates.length - taken} skipped.`);
  if (taken > 0) say('Their passwords stay; each is hashed anew, with argon2id, when it is next used.');
}

function remarks(name: string, labels: AccountLabels): string {
  const names = Object.keys(labels);
  const kept = names.length === 0 ? '' : `, with the labels ${names.join(', ')}`;
  return isNamespace(name)
    ? kept
    : `${kept}; no repository can begin with this name, so that it needs roles or rules`;
}
