import { AclSyntaxError } from './report.ts';
import type { AclMatch, AclRule } from './rule.ts';

type Entries = ReadonlyMap<string, unknown>;

/**
 * Reads a rule that docker_auth would read from a database: an object or its JSON, whose keys may be written in upper
 * case (`Match`, `Actions`), since Go writes them so. As in a file, what would widen the rule unseen is refused: a key
 * that is not known, a condition without a value, a rule without `match`.
 * @throws AclSyntaxError with a path relative to the rule
 */
export function parseStoredRule(stored: unknown): AclRule {
  const rule = entriesOf(typeof stored === 'string' ? fromJson(stored) : stored, []);
  for (const key of rule.keys()) {
    if (!['match', 'actions', 'comment'].includes(key)) {
      throw new AclSyntaxError(`unknown key ${JSON.stringify(key)}: write match, actions or comment`, [key]);
    }
  }
  if (isNothing(rule.get('match'))) {
    throw new AclSyntaxError('no conditions: write match: {} for everything', ['match']);
  }
  const comment = rule.get('comment');
  return {
    match: matchOf(entriesOf(rule.get('match'), ['match'])),
    actions: actionsOf(rule.get('actions')),
    comment: typeof comment === 'string' ? comment : undefined,
  };
}

function matchOf(match: Entries): AclMatch {
  const conditions = [...match].map(([key, value]): [string, unknown] => {
    if (isNothing(value)) throw new AclSyntaxError(`"${key}" has no value: leave it out`, ['match', key]);
    if (key !== 'labels') return [key, value];
    const labels = plainObject(value);
    if (labels === undefined) throw new AclSyntaxError('not {"name": "pattern"}', ['match', key]);
    return [key, labels];
  });
  // Texts and names are checked where the rule is compiled.
  return Object.fromEntries(conditions) as AclMatch;
}

function actionsOf(actions: unknown): readonly string[] {
  const isList = Array.isArray(actions) && actions.every((each) => typeof each === 'string' && each !== '');
  if (isList) return actions as string[];
  throw new AclSyntaxError('no list of actions: write actions: ["pull"], or actions: [] to deny', [
    'actions',
  ]);
}

/** Go finds its field whatever the case of the key. */
function entriesOf(value: unknown, path: readonly string[]): Entries {
  const object = plainObject(value);
  if (object === undefined) throw new AclSyntaxError('not an object with keys', path);
  const entries = new Map<string, unknown>();
  for (const [key, each] of Object.entries(object)) {
    const name = key.toLowerCase();
    if (entries.has(name)) throw new AclSyntaxError(`"${name}" is written twice`, [...path, name]);
    entries.set(name, each);
  }
  return entries;
}

function plainObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return value as Readonly<Record<string, unknown>>;
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null;
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AclSyntaxError('not JSON', []);
  }
}
