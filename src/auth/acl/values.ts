import type { Regex } from '../../pattern/regex.ts';
import { type AclRequest, type Field, labelValues } from './rule.ts';
import type { ValuesOf } from './template.ts';

/** The patterns of one rule; its placeholders name the groups of their regexes. */
type FieldPatterns = Readonly<Partial<Record<Field, { readonly regex: Regex | undefined }>>>;

/** What the placeholders of one rule stand for in one request. */
export function valuesFor(request: AclRequest, patterns: FieldPatterns): ValuesOf {
  let captured: Map<Field, readonly string[]> | undefined;
  const capturesOf = (field: Field): readonly string[] => {
    captured ??= new Map();
    const known = captured.get(field);
    if (known !== undefined) return known;
    const groups = patterns[field]?.regex?.captures(request[field]) ?? [];
    captured.set(field, groups);
    return groups;
  };
  return (placeholder) => {
    if (placeholder.kind === 'field') return [request[placeholder.field]];
    if (placeholder.kind === 'label') return labelValues(request.labels, placeholder.label);
    const text = capturesOf(placeholder.field)[placeholder.group - 1];
    return text === undefined ? [] : [text];
  };
}
