import type { Place } from './config-error.ts';

/**
 * A value of the configuration before it has a type: text, lists and sections, each with the place where
 * it was written. Environment variables change this tree, so that a later error can name them.
 */
export type ConfigNode = ScalarNode | ListNode | MapNode;

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly text: string;
  /** Unquoted: `5000` may become a number, `"5000"` stays text, as in Go's YAML. */
  readonly plain: boolean;
  readonly place: Place;
}

export interface ListNode {
  readonly kind: 'list';
  readonly items: ConfigNode[];
  readonly place: Place;
}

export interface MapEntry {
  /** Where the key was written. */
  readonly keyPlace: Place;
  readonly value: ConfigNode;
}

export interface MapNode {
  readonly kind: 'map';
  readonly entries: Map<string, MapEntry>;
  readonly place: Place;
}

/** The keys and indexes that lead to a value: `['http', 'tls', 'key']`. */
export type Path = readonly (string | number)[];

/** Whether `of` is `path` or leads further in from there. */
export function isPrefix(path: Path, of: Path): boolean {
  return path.length <= of.length && path.every((step, index) => step === of[index]);
}

const NULLS: ReadonlySet<string> = new Set(['', '~', 'null', 'Null', 'NULL']);

/** Text is found by where it stands, a section or a list by its key. */
export function placeOfEntry(entry: MapEntry): Place {
  return entry.value.kind === 'scalar' && entry.value.text !== '' ? entry.value.place : entry.keyPlace;
}

/** Written as nothing, `~` or `null`, unquoted. */
export function isNull(node: ConfigNode): boolean {
  return node.kind === 'scalar' && node.plain && NULLS.has(node.text);
}

/** @param plain written without quotes, so that `null` and `~` are nothing */
export function scalarNode(text: string, place: Place, plain = true): ScalarNode {
  return { kind: 'scalar', text, plain, place };
}

export function mapNode(place: Place, entries: Iterable<readonly [string, MapEntry]> = []): MapNode {
  return { kind: 'map', entries: new Map(entries), place };
}

export function listNode(place: Place, items: readonly ConfigNode[] = []): ListNode {
  return { kind: 'list', items: [...items], place };
}

/** Sections of sections of text, as the built-in defaults are written. */
export interface Plain {
  readonly [key: string]: string | Plain;
}

/** A tree from a literal, every value at `place`. */
export function nodeFromPlain(value: string | Plain, place: Place): ConfigNode {
  if (typeof value === 'string') return scalarNode(value, place);
  return mapNode(
    place,
    Object.entries(value).map(([key, child]) => [
      key,
      { keyPlace: place, value: nodeFromPlain(child, place) },
    ]),
  );
}

/** `acl[2].match.name`, for messages. */
export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += text === '' ? quoteStep(step) : `.${quoteStep(step)}`;
  }
  return text;
}

// The anonymous account is the empty key; without quotes it would be invisible in a message.
function quoteStep(step: string): string {
  return step === '' ? "''" : step;
}
