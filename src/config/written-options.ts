import type { Place } from './config-error.ts';
import type { ConfigNode, Path } from './node.ts';

/** One thing that somebody set: a scalar, a list of scalars, or an empty section or list. */
export interface WrittenOption {
  readonly path: Path;
  /** Where its value, and where its key was written. */
  readonly place: Place;
  readonly keyPlace: Place;
}

/** Every option of a tree in the order written, without those that are built in. */
export function writtenOptions(root: ConfigNode): readonly WrittenOption[] {
  const options: WrittenOption[] = [];
  const visit = (node: ConfigNode, path: Path, keyPlace: Place): void => {
    if (node.kind === 'map' && node.entries.size > 0) {
      for (const [key, entry] of node.entries) visit(entry.value, [...path, key], entry.keyPlace);
    } else if (node.kind === 'list' && node.items.some((item) => item.kind !== 'scalar')) {
      for (const [index, item] of node.items.entries()) visit(item, [...path, index], item.place);
    } else if (node.place.kind !== 'built-in' && path.length > 0) {
      options.push({ path, place: node.place, keyPlace });
    }
  };
  visit(root, [], root.place);
  return options;
}
