import { isWildcard } from './actions.ts';
import { AclSyntaxError, type AclWarning } from './report.ts';
import { type AclRule, FIELDS } from './rule.ts';

const CONDITIONS: readonly string[] = [...FIELDS, 'ip', 'labels'];

/**
 * Refuses what would widen a rule unseen. Where docker_auth reads `match: {team: x}`, it ignores the key, and
 * the rule is for everyone.
 *
 * @throws AclSyntaxError with a path relative to the rule
 */
export function checkRule(rule: AclRule): void {
  for (const key of Object.keys(rule.match)) {
    if (!CONDITIONS.includes(key)) throw new AclSyntaxError(unknownCondition(key), ['match', key]);
  }
  const conditions = [...FIELDS, 'ip'] as const;
  for (const key of conditions) checkText(rule.match[key], ['match', key]);
  for (const [label, pattern] of Object.entries(rule.match.labels ?? {})) {
    checkText(pattern, ['match', 'labels', label]);
  }
  if (!Array.isArray(rule.actions)) {
    throw new AclSyntaxError('no list of actions: write actions: ["pull"], or actions: [] to deny', [
      'actions',
    ]);
  }
}

/** Actions that look as if they meant more than they do. */
export function checkActions(rule: AclRule): AclWarning[] {
  if (!rule.actions.includes('*') || isWildcard(rule.actions)) return [];
  const message = '"*" grants everything only when it is alone: write actions: ["*"], or leave it out';
  return [{ path: ['actions'], message }];
}

function checkText(value: unknown, path: readonly string[]): void {
  if (value === undefined || typeof value === 'string') return;
  throw new AclSyntaxError('not a text: write a pattern in quotes, or leave the condition out', path);
}

function unknownCondition(key: string): string {
  const known = CONDITIONS.find((condition) => key.startsWith(`${condition}:`));
  if (known !== undefined) return `"${key}" lacks a space: write ${known}: ${key.slice(known.length + 1)}`;
  return `"${key}" is not a condition: write ${CONDITIONS.join(', ')}, or labels: {"${key}": …} for a label`;
}
