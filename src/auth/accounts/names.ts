import { AccountProblem } from './problem.ts';

// An account's name stands in front of its repositories, and so follows the grammar of a repository's name.
const NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const MAX_CHARACTERS = 64;

/** Whether an account of this name has repositories of its own. */
export function isNamespace(name: string): boolean {
  return NAME.test(name) && name.length <= MAX_CHARACTERS;
}

/** @throws AccountProblem */
function parseName(name: string, what: string): string {
  if (isNamespace(name)) return name;
  throw new AccountProblem(
    'invalid',
    `${JSON.stringify(name.slice(0, 100))} cannot be ${what}: use at most ${MAX_CHARACTERS} lower-case letters and digits, joined by ".", "_" or "-"`,
  );
}

/** @throws AccountProblem */
export function parseAccountName(name: string): string {
  return parseName(name, 'an account');
}

/** @throws AccountProblem */
export function parseGroupName(name: string): string {
  return parseName(name, 'a group');
}

/** @throws AccountProblem */
export function parseTokenName(name: string): string {
  return parseName(name, 'the name of a token');
}

// Whatever a client may send as the user of Basic authentication.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const SENDABLE = /^[^:\u0000-\u001f\u007f]{1,256}$/;

/** Whether a client can log in as an account of this name: another program may have let it be made. */
export function isSendable(name: string): boolean {
  return SENDABLE.test(name);
}
