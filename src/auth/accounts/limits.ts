import type { TokenLimit } from '../../index/access-tokens.ts';
import { compileNamePattern } from '../../pattern/name-pattern.ts';
import { PatternSyntaxError } from '../../pattern/syntax-error.ts';
import type { AccessLimit } from '../identity/provider.ts';
import type { CompiledPatterns } from './patterns.ts';
import { AccountProblem } from './problem.ts';

const ACTIONS: readonly string[] = ['pull', 'push', 'delete', '*'];
const MAX_PATTERN_CHARACTERS = 300;

/**
 * Reads a pattern of repositories.
 * @throws AccountProblem
 */
export function parsePattern(text: string): string {
  if (text === '' || text.length > MAX_PATTERN_CHARACTERS) {
    throw new AccountProblem(
      'invalid',
      `a pattern of repositories has 1 to ${MAX_PATTERN_CHARACTERS} characters, such as team/**`,
    );
  }
  try {
    return compileNamePattern(text).text;
  } catch (error) {
    if (!(error instanceof PatternSyntaxError)) throw error;
    throw new AccountProblem('invalid', `${JSON.stringify(text)} is no pattern: ${error.message}`);
  }
}

/**
 * Reads `team/app:pull,push`; a pattern may hold colons.
 * @throws AccountProblem
 */
export function parseLimit(text: string): TokenLimit {
  const colon = text.lastIndexOf(':');
  const actions = [...new Set(text.slice(colon + 1).split(','))];
  if (colon <= 0 || !actions.every((action) => ACTIONS.includes(action))) {
    throw new AccountProblem(
      'invalid',
      `${JSON.stringify(text)} is no limit: write repositories:actions, such as team/**:pull,push; actions are ${ACTIONS.join(', ')}`,
    );
  }
  return { pattern: parsePattern(text.slice(0, colon)), actions };
}

/** What {@link parseLimit} reads. */
export function formatLimit({ pattern, actions }: TokenLimit): string {
  return `${pattern}:${actions.join(',')}`;
}

/** Takes away whatever no limit names; of anything but repositories, all. */
export function narrowedBy(limits: readonly TokenLimit[], patterns: CompiledPatterns): AccessLimit {
  return ({ type, name }, granted) => {
    if (type !== 'repository') return [];
    const fitting = limits.filter(({ pattern }) => patterns.matches(pattern, name));
    return granted.filter((action) =>
      fitting.some(({ actions }) => actions.includes(action) || actions.includes('*')),
    );
  };
}
