import { formatPlace, throwIfAny } from './config-error.ts';
import { Decoding } from './decoding.ts';
import { isNull } from './node.ts';
import { readText } from './read-text.ts';
import { text } from './types-scalar.ts';
import { list, map } from './types-section.ts';
import { parseYaml } from './yaml.ts';

/** An entry of docker_auth's `users`, with whatever stands there. */
export interface ImportedUser {
  readonly name: string;
  /** `auth.yml:12:5` */
  readonly place: string;
  /** Undefined where there is none. */
  readonly passwordHash: string | undefined;
  readonly labels: Readonly<Record<string, readonly string[]>>;
}

const labelsType = map(list(text));

/**
 * The `users` of a docker_auth file, to be taken over. Nothing else of the file is looked at: it may be meant for a
 * version that knows other keys.
 * @throws ConfigError
 */
export function readDockerAuthUsers(file: string): ImportedUser[] {
  const root = parseYaml(readText(file), { file });
  const decoding = Decoding.start({ kind: 'whole-file', file });
  const entry = root.kind === 'map' ? root.entries.get('users') : undefined;
  if (entry === undefined || entry.value.kind !== 'map') {
    decoding.report('there is no section "users" to import', entry?.value.place);
    throwIfAny(decoding.problems);
    return [];
  }
  const found = [...entry.value.entries].map(([name, { keyPlace, value }]): ImportedUser => {
    const at = decoding.at('users', entry.value.place).at(name, keyPlace);
    const fields = value.kind === 'map' ? value.entries : new Map<string, never>();
    const password = fields.get('password')?.value;
    const labels = fields.get('labels')?.value;
    return {
      name,
      place: formatPlace(keyPlace),
      passwordHash: password?.kind === 'scalar' && !isNull(password) ? password.text : undefined,
      labels:
        labels === undefined || isNull(labels)
          ? {}
          : Object.fromEntries(labelsType.decode(labels, at.at('labels', labels.place)) ?? []),
    };
  });
  throwIfAny(decoding.problems);
  return found;
}
