import type { Place } from './config-error.ts';
import type { Decoding } from './decoding.ts';
import type { RegistryTree } from './distribution.ts';
import { ConfigDocument } from './document.ts';
import { isPrefix, type Path } from './node.ts';
import { writtenOptions } from './written-options.ts';

/**
 * Remarks on what `berth serve` would take without a word, and to another effect than the original.
 */
export function remarkUnseenChanges(tree: RegistryTree, decoding: Decoding): void {
  const document = new ConfigDocument(tree.root);
  const decide = (path: Path, text: string): void => {
    const place = document.placeOf(path);
    path.reduce<Decoding>((at, step) => at.at(step, place), decoding).remark('decide', text);
  };
  for (const path of variablesIntoMaintenance(tree)) {
    decide(
      path,
      'registry:2 and registry:3 ignore this variable, as the section is written elsewhere; Berth obeys it',
    );
  }
}

const MAINTENANCE: Path = ['storage', 'maintenance'];

/**
 * In Go, what YAML reads below `maintenance` is a map whose keys may be anything, and the parser ignores variables that
 * lead into one ("involving map with non-string keys"); seen on 2.8.2.
 */
function variablesIntoMaintenance({ root }: RegistryTree): readonly Path[] {
  const document = new ConfigDocument(root);
  return writtenOptions(root)
    .filter(({ path, place }) => {
      if (place.kind !== 'variable' || path.length !== 4 || !isPrefix(MAINTENANCE, path)) return false;
      return isReadAsYaml(document.placeOfSection(path.slice(0, 3))) && depthOf(place) === 4;
    })
    .map(({ path }) => path);
}

/** Written in the file, or as the value of a variable, and not made on the way to a longer name. */
function isReadAsYaml(place: Place): boolean {
  return place.kind === 'file' || (place.kind === 'variable' && depthOf(place) < 4);
}

/** How many keys a variable's name has. */
function depthOf(place: Place): number {
  return place.kind === 'variable' ? place.variable.split('_').length - 1 : 0;
}
