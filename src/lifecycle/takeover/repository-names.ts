import type { TreeEntry } from '../../content/original-tree.ts';
import { InvalidValueError } from '../../oci/invalid.ts';
import { parseRepositoryName, type RepositoryName } from '../../oci/reference.ts';
import { noteOdd, type Reading } from './read-links.ts';

/** Where distribution keeps what belongs to repositories, below `docker/registry/v2`. */
export const REPOSITORIES = 'repositories';

/** Folders of a repository that are no part of another one's name. */
export const MARKERS: ReadonlySet<string> = new Set(['_manifests', '_layers', '_uploads']);

/** A repository of the tree. */
export interface OriginalRepository {
  readonly name: RepositoryName;
  /** Whether it is one for the catalog, as in distribution: a manifest was pushed to it. */
  readonly isListed: boolean;
}

/** Whether a folder with these entries is a repository; others may still lie below it. */
export function isRepositoryFolder(entries: readonly TreeEntry[]): boolean {
  return entries.some(({ name, kind }) => kind === 'folder' && MARKERS.has(name));
}

function nameOf(text: string): RepositoryName | undefined {
  try {
    return parseRepositoryName(text);
  } catch (error) {
    if (error instanceof InvalidValueError) return undefined;
    throw error;
  }
}

/** All repositories of the tree. Names nest: `a/b` and `a/b/c` may both be there. */
export async function* repositoriesOf(reading: Reading): AsyncGenerator<OriginalRepository> {
  const waiting = [''];
  for (;;) {
    const name = waiting.pop();
    if (name === undefined) return;
    const folder = name === '' ? REPOSITORIES : `${REPOSITORIES}/${name}`;
    const entries = (await reading.found.orNote(reading.tree.list(folder))) ?? [];
    const isRepository = isRepositoryFolder(entries);
    for (const entry of entries) {
      const below = name === '' ? entry.name : `${name}/${entry.name}`;
      if (entry.kind === 'folder' && MARKERS.has(entry.name) && name !== '') continue;
      // What is odd in a repository is noted with it.
      if (entry.kind !== 'folder' || entry.name.startsWith('_')) {
        if (!isRepository || name === '') noteOdd(reading.found, folder, entry);
      } else if (nameOf(below) === undefined) {
        reading.found.add('invalid-name', `${REPOSITORIES}/${below}`);
      } else waiting.push(below);
    }
    const parsed = nameOf(name);
    if (!isRepository || parsed === undefined) continue;
    yield { name: parsed, isListed: entries.some((entry) => entry.name === '_manifests') };
  }
}
