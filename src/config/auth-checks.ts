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
  if (cost !== undefined && cost >= 4 && cost <= 31) {
    if (cost < WEAK_COST) {
      at.notice(
        `the bcrypt hash of "${account}" has a cost of ${cost} and is quick to guess; htpasswd -nBC 12 ${account} makes a better one`,
        place,
        'accounts with a hash that is quick to guess',
      );
    }
    return;
  }
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
