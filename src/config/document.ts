import { type ConfigError, configError, formatPlace, type Place } from './config-error.ts';
import { namedFiles } from './named-files.ts';
import { type ConfigNode, isNull, mapNode, type Path, placeOfEntry } from './node.ts';

/** A configuration, what its reader should tell the user, and where everything was written. */
export interface Loaded<T> {
  readonly config: T;
  /** Sentences for the log: keys without effect, variables ignored, weak settings. */
  readonly notices: readonly string[];
  readonly document: ConfigDocument;
}

/**
 * The configuration as it was written, kept so that stages which come later than reading (compiling a
 * pattern, loading a certificate) can say which line is at fault.
 */
export class ConfigDocument {
  readonly #root: ConfigNode;

  constructor(root: ConfigNode) {
    this.#root = root;
  }

  /**
   * An error about the value at `path`. When the value is not there (a default is at fault), the nearest
   * section around it that was written gives the place.
   */
  errorAt(path: Path, message: string): ConfigError {
    return configError(this.placeOf(path), message);
  }

  /** Whether there is a value at `path`, as against a default. */
  isWritten(path: Path): boolean {
    const node = this.#find(path);
    return node !== undefined && !isNull(node);
  }

  /** Where the value at `path`, or the nearest thing around it, was written. */
  placeOf(path: Path): Place {
    let node = this.#root;
    let place = node.place;
    for (const step of path) {
      const entry = node.kind === 'map' ? node.entries.get(String(step)) : undefined;
      const next = entry?.value ?? child(node, step);
      if (next === undefined) break;
      place = entry === undefined ? next.place : placeOfEntry(entry);
      node = next;
    }
    return place;
  }

  /** The files that it names and that are there. */
  namedFiles(): readonly string[] {
    return namedFiles(this.#root);
  }

  /** The keys by which another document differs, by what is written. */
  differences(other: ConfigDocument): readonly Path[] {
    return differences(this.#root, other.#root, []);
  }

  /** The same for log lines: `config.yml:12:5`. */
  describe(path: Path): string {
    return formatPlace(this.placeOf(path));
  }

  /** Where the section at `path` itself was written, and not its key; its own place where it is not there. */
  placeOfSection(path: Path): Place {
    return this.#find(path)?.place ?? this.placeOf(path);
  }

  /**
   * A document whose root is the value at `path`: the settings of `auth.builtin` and a docker_auth file
   * can then be handled by the same code. A path that is not there gives an empty document at the nearest
   * place.
   */
  scope(path: Path): ConfigDocument {
    return new ConfigDocument(this.#find(path) ?? mapNode(this.placeOf(path)));
  }

  #find(path: Path): ConfigNode | undefined {
    let node: ConfigNode | undefined = this.#root;
    for (const step of path) node = node && child(node, step);
    return node;
  }
}

function child(node: ConfigNode, step: string | number): ConfigNode | undefined {
  if (node.kind === 'map') return node.entries.get(String(step))?.value;
  return node.kind === 'list' && typeof step === 'number' ? node.items[step] : undefined;
}

function differences(
  before: ConfigNode | undefined,
  after: ConfigNode | undefined,
  path: Path,
): readonly Path[] {
  if (before?.kind === 'map' && after?.kind === 'map') {
    const keys = new Set([...before.entries.keys(), ...after.entries.keys()]);
    return [...keys].flatMap((key) => differences(child(before, key), child(after, key), [...path, key]));
  }
  return textOf(before) === textOf(after) ? [] : [path];
}

/** Two nodes that say the same have the same text, wherever they were written. */
function textOf(node: ConfigNode | undefined): string | undefined {
  return node && JSON.stringify(plainOf(node));
}

function plainOf(node: ConfigNode): unknown {
  if (node.kind === 'scalar') return [node.text, node.plain];
  if (node.kind === 'list') return { list: node.items.map(plainOf) };
  return { map: [...node.entries].map(([key, { value }]) => [key, plainOf(value)]) };
}
