import type { UserSettings } from './auth-settings.ts';
import type { Decoding } from './decoding.ts';
import { type ConfigNode, formatPath } from './node.ts';
import type { Secret } from './secret.ts';
import { placeOfKey } from './types-section.ts';

const BCRYPT = /^\$2[abxy]\$([0-9]{2})\$[./A-Za-z0-9]{53}$/;
const WEAK_COST = 10;

/** The account at `at` must have a bcrypt hash, save the anonymous one, which can have none. */
export function checkHash(password: Secret | undefined, at: Decoding, node: ConfigNode): void {
  const account = String(at.path.at(-1));
  if (password === undefined) {
    if (account !== '') at.report(noPassword(account));
    return;
  }
  const place = placeOfKey(node, 'password', at);
  if (account === '') {
    at.report('account "" is whoever does not log in and can have no password; write "": {}', place);
    return;
  }
  const cost = costOf(password);
  if (cost !== undefined && cost >= 4 && cost <= 31) return;
  // The value is not repeated: it may be the password itself.
  at.report(`the password of "${account}" is not a bcrypt hash; htpasswd -nB ${account} makes one`, place);
}

function noPassword(account: string): string {
  return (
    `account "${account}" has no password, and docker_auth would accept any for it; write password: ` +
    `"$2y$…", the hash that htpasswd -nB ${account} prints`
  );
}

function costOf(password: Secret): number | undefined {
  const cost = BCRYPT.exec(password.reveal())?.[1];
  return cost === undefined ? undefined : Number(cost);
}

/** One notice for all hashes that are quick to guess: a file may have thousands of accounts. */
export function checkWeakHashes(
  users: ReadonlyMap<string, UserSettings>,
  at: Decoding,
): ReadonlyMap<string, UserSettings> {
  const weak = [...users].flatMap(([account, { password }]) => {
    const cost = password && costOf(password);
    return cost !== undefined && cost < WEAK_COST ? [`${account} (${cost})`] : [];
  });
  if (weak.length > 0) {
    const more = weak.length > 5 ? ` and ${weak.length - 5} more` : '';
    at.notice(
      `bcrypt hashes with a cost below ${WEAK_COST} are quick to guess: ${weak.slice(0, 5).join(', ')}${more}; ` +
        'htpasswd -nBC 12 ACCOUNT makes better ones',
    );
  }
  return users;
}

/** Certificate and key must come together. */
export function checkPair<
  P extends { readonly certificate?: string | undefined; readonly key?: string | undefined },
>(pair: P, at: Decoding, node: ConfigNode): P {
  if ((pair.certificate === undefined) !== (pair.key === undefined)) {
    const [there, missing] = pair.key === undefined ? ['certificate', 'key'] : ['key', 'certificate'];
    at.report(
      `"${formatPath([...at.path, missing])}" is missing; certificate and key come together`,
      placeOfKey(node, there, at),
    );
  }
  return pair;
}
