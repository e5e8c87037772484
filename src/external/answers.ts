import type { Verdict } from '../auth/authorizer.ts';
import type { Identity, Standing } from '../auth/identity/provider.ts';
import { readLabels, readObject } from './labels.ts';

/** Answers of HTTP services and plugins; both are asked the same questions and say the same. */

/**
 * Who somebody is: `{"result": "match", "labels": {…}}`, `{"result": "no_match"}` or `{"result": "wrong_password"}`.
 * @throws TypeError that says what is wrong, and repeats no value
 */
export function readIdentity(value: unknown, account: string): Identity | 'no-match' | 'wrong-password' {
  const answer = readObject(value);
  switch (answer['result']) {
    case 'match':
      return { account, labels: readLabels(answer['labels']), isAdmin: false };
    case 'no_match':
      return 'no-match';
    case 'wrong_password':
      return 'wrong-password';
    default:
      throw new TypeError('"result" is not "match", "no_match" or "wrong_password"');
  }
}

/**
 * How an account stands today: `{"result": "match", "labels": {…}, "version": "…"}` or `{"result": "no_match"}`. The
 * version may be left out; logins that began with another one end.
 * @throws TypeError
 */
export function readStanding(value: unknown, account: string): Standing | 'gone' {
  const answer = readObject(value);
  const { result, version } = answer;
  if (result === 'no_match') return 'gone';
  if (result !== 'match') throw new TypeError('"result" is not "match" or "no_match"');
  if (version !== undefined && typeof version !== 'string') throw new TypeError('"version" is not a text');
  return { identity: { account, labels: readLabels(answer['labels']), isAdmin: false }, version };
}

/**
 * What somebody may do: `{"result": "match", "actions": ["pull"]}` or `{"result": "no_match"}`. What was not asked for
 * is not granted, whatever the answer says.
 * @throws TypeError
 */
export function readVerdict(value: unknown, wanted: readonly string[], rule: string): Verdict {
  const answer = readObject(value);
  switch (answer['result']) {
    case 'match': {
      const { actions } = answer;
      // Without a list it is not known what was meant: all or nothing.
      if (!Array.isArray(actions) || !actions.every((one) => typeof one === 'string')) {
        throw new TypeError('"actions" is not a list of texts');
      }
      return { granted: wanted.filter((action) => actions.includes(action)), rule };
    }
    case 'no_match':
      return 'no-match';
    default:
      throw new TypeError('"result" is not "match" or "no_match"');
  }
}
