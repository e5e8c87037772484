import { type AclRule, findUnreachable, ruleFaults } from '../auth/acl/policy.ts';
import type { AclRuleSettings } from './auth-settings.ts';
import { formatPlace } from './config-error.ts';
import type { Decoding } from './decoding.ts';
import { type ConfigNode, type Path, placeOfEntry } from './node.ts';
import { optional, required, type Type } from './schema.ts';
import { nonEmptyText, text } from './types-scalar.ts';
import { list, map, refine, section } from './types-section.ts';

const WIDENS = 'docker_auth ignores it, and the rule then applies to everyone';

const match = section(
  {
    account: optional(
      text,
      'Account name: a glob, or a regular expression between slashes; "" is anonymous.',
    ),
    type: optional(text, 'Kind of thing, `repository` or `registry`: glob or regular expression.'),
    name: optional(text, 'Repository name: glob or regular expression.'),
    service: optional(text, 'The service that asked: glob or regular expression.'),
    ip: optional(text, 'Address of the client, or a network such as 10.0.0.0/8.'),
    labels: optional(
      map(text),
      'Labels of the account, each with a pattern that one of its values must match.',
    ),
  },
  { unknownKey: unknownMatchKey, refuseNull: (key) => `"${key}" has no value; ${WIDENS}` },
);

function unknownMatchKey(key: string, known: readonly string[]): string {
  const [name = '', value] = key.split(/:(.*)/s);
  if (value !== undefined && known.includes(name)) {
    return `no space after the colon, so YAML reads ${key} as one key; ${WIDENS}; write ${name}: ${value}`;
  }
  return `unknown key "${key}" in match; ${WIDENS}; known are ${known.join(', ')}`;
}

const rule: Type<AclRuleSettings> = refine(
  section({
    match: required(
      match,
      'What a request must be for this rule to decide it; `{}` is everything.',
      'write match: {} for every request',
    ),
    actions: required(
      list(nonEmptyText),
      'What is granted of what was asked: `["*"]` is all of it, `[]` is nothing.',
      'write actions: ["pull"], or actions: [] to deny',
    ),
    comment: optional(text, 'For people.'),
  }),
  (value, at, node) => {
    const { faults, warnings } = ruleFaults(aclRuleOf(value));
    for (const { path, message } of faults) inside(at, node, path).report(message);
    for (const { path, message } of warnings) inside(at, node, path).notice(message);
    return value;
  },
);

/** `acl`: rules in order; the first one that matches decides. */
export const acl: Type<readonly AclRuleSettings[]> = {
  ...list(rule),
  decode(node, at) {
    const good: { readonly rule: AclRule; readonly at: Decoding }[] = [];
    const noting: Type<AclRuleSettings> = {
      ...rule,
      decode(child, around) {
        const value = rule.decode(child, around);
        if (value !== undefined) good.push({ rule: aclRuleOf(value), at: around });
        return value;
      },
    };
    const values = list(noting).decode(node, at);
    for (const { ruleIndex, hiddenBy } of findUnreachable(good.map((one) => one.rule))) {
      const [hidden, before] = [good[ruleIndex], good[hiddenBy]];
      if (hidden === undefined || before === undefined) continue;
      hidden.at.notice(
        `this rule is never reached: the one at ${formatPlace(before.at.place)} matches whatever it would; write it before that one, or remove it`,
      );
    }
    return values;
  },
};

/** A rule of the configuration in the form in which rules are compiled. */
export function aclRuleOf({ match: conditions, actions, comment }: AclRuleSettings): AclRule {
  const { labels } = conditions;
  return { match: { ...conditions, labels: labels && Object.fromEntries(labels) }, actions, comment };
}

/** Further in, at the place of the text that is meant. */
function inside(at: Decoding, node: ConfigNode, path: Path): Decoding {
  let found = at;
  let around: ConfigNode | undefined = node;
  for (const step of path) {
    const entry: ReturnType<typeof entryOf> = entryOf(around, step);
    found = found.at(step, entry === undefined ? found.place : placeOfEntry(entry));
    around = entry?.value;
  }
  return found;
}

function entryOf(node: ConfigNode | undefined, step: string | number) {
  return node?.kind === 'map' ? node.entries.get(String(step)) : undefined;
}
