import type { Pattern } from './pattern.ts';
import type { AclPath, AclWarning } from './report.ts';
import type { Field } from './rule.ts';
import { findMissingDollar } from './template.ts';

/** The patterns of one rule. */
export type FieldPatterns = Readonly<Partial<Record<Field, Pattern>>>;

/** docker_auth's own reference.yml has `"${labels:project}-{labels:tier}/*"`. */
export function textWarnings(text: string, path: AclPath): AclWarning[] {
  const found = findMissingDollar(text);
  return found === undefined ? [] : [{ path, message: `${found} is plain text: write $${found}` }];
}

/** Groups that no request, or hardly any, can give a value, so that the rule does not match. */
export function captureWarnings(pattern: Pattern, path: AclPath, patterns: FieldPatterns): AclWarning[] {
  if (pattern.kind === 'static') return [];
  return pattern.placeholders.flatMap(({ placeholder, source }) => {
    if (placeholder.kind !== 'capture') return [];
    const reason = whyEmpty(placeholder.field, placeholder.group, patterns[placeholder.field]);
    return reason === undefined ? [] : [{ path, message: `${source} has no value: ${reason}` }];
  });
}

function whyEmpty(field: Field, group: number, pattern: Pattern | undefined): string | undefined {
  if (pattern === undefined) return `the rule has no ${field}: write ${field}: "/^(.+)$/"`;
  if (pattern.regex === undefined) return `${field} is not a regex: enclose it in slashes, as /^(.+)$/`;
  if (pattern.kind === 'template') return `the regex for ${field} has placeholders itself: write it without`;
  const { groupCount } = pattern.regex;
  if (group >= 1 && group <= groupCount) return undefined;
  return `the regex for ${field} has ${groupCount} groups, counted from 1`;
}
