import type { Place } from './config-error.ts';
import type { Decoding } from './decoding.ts';
import {
  type ConfigNode,
  formatPath,
  isNull,
  type MapEntry,
  type MapNode,
  mapNode,
  placeOfEntry,
} from './node.ts';
import { type Field, type Fields, isObeyed, type Type, type Values } from './schema.ts';
import { suggest } from './suggest.ts';

/** A list; null and a missing list are for the field to judge. */
export function list<T>(item: Type<T>): Type<readonly T[]> {
  return {
    name: `list of ${item.name}`,
    shape: { kind: 'list', item },
    decode(node, at) {
      if (node.kind !== 'list') {
        const hint = item.isSecret === true ? '' : listHint(node);
        at.report(`${at.name} must be a list, not ${kindOf(node)}${hint}`, node.place);
        return undefined;
      }
      const values: T[] = [];
      for (const [index, child] of node.items.entries()) {
        const inside = at.at(index, child.place);
        if (isNull(child)) {
          inside.report(`${inside.name} is empty`);
          continue;
        }
        const value = item.decode(child, inside);
        if (value !== undefined) values.push(value);
      }
      return values;
    },
  };
}

/** Keys chosen by the user, in the order written. `nullMessage` answers a key without a value. */
export function map<T>(value: Type<T>, nullMessage?: (key: string) => string): Type<ReadonlyMap<string, T>> {
  return {
    name: `map of ${value.name}`,
    shape: { kind: 'map', value },
    decode(node, at) {
      const section = asSection(node, at);
      if (section === undefined) return undefined;
      const values = new Map<string, T>();
      for (const [key, entry] of section.entries) {
        const inside = at.at(key, placeOfEntry(entry));
        if (isNull(entry.value)) {
          inside.report(nullMessage?.(key) ?? `${inside.name} is empty`);
          continue;
        }
        const decoded = value.decode(entry.value, inside);
        if (decoded !== undefined) values.set(key, decoded);
      }
      return values;
    },
  };
}

export interface SectionOptions {
  /** How environment variables see it; Go structs unless said otherwise. */
  readonly go?: 'struct' | 'map';
  /** A better message about an unknown key, or undefined for the usual one. */
  readonly unknownKey?: (key: string, known: readonly string[]) => string | undefined;
  /** Refuses a key without a value where leaving it out would mean something else than was meant. */
  readonly refuseNull?: (key: string) => string;
  /** Where one word may stand for the section, `auth: token` for `auth: {token: {}}`. */
  readonly shorthand?: boolean;
}

/** A section with the keys of `fields` and no others. */
export function section<F extends Fields>(fields: F, options: SectionOptions = {}): Type<Values<F>> {
  const decode = (node: ConfigNode, at: Decoding): Values<F> | undefined => {
    const found = asSection(options.shorthand === true ? expandShorthand(node) : node, at);
    return found && decodeFields(fields, found, at, options);
  };
  return {
    name: 'section',
    shape: { kind: 'section', fields, go: options.go ?? 'struct', shorthand: options.shorthand ?? false },
    decode,
    empty: (at) => decode(mapNode(at.place), at),
  };
}

/**
 * The same type with a further check, or another form of its value. `convert` runs only on what was decoded
 * without a problem, and may report some itself.
 */
export function refine<T, U>(
  type: Type<T>,
  convert: (value: T, at: Decoding, node: ConfigNode) => U | undefined,
): Type<U> {
  const run = (node: ConfigNode, at: Decoding, decode: () => T | undefined): U | undefined => {
    const before = at.problems.length;
    const value = decode();
    return value === undefined || at.problems.length > before ? undefined : convert(value, at, node);
  };
  const { empty } = type;
  const refined: Type<U> = {
    name: type.name,
    shape: type.shape,
    decode: (node, at) => run(node, at, () => type.decode(node, at)),
  };
  if (empty === undefined) return refined;
  return { ...refined, empty: (at) => run(mapNode(at.place), at, () => empty(at)) };
}

/** The same type with a further look at what was written, whether or not it holds otherwise. */
export function alsoChecking<T>(type: Type<T>, check: (node: ConfigNode, at: Decoding) => void): Type<T> {
  return {
    ...type,
    decode(node, at) {
      const value = type.decode(node, at);
      check(node, at);
      return value;
    },
  };
}

/** Whether a section has a key with a value. */
export function isWritten(node: ConfigNode, key: string): boolean {
  const entry = node.kind === 'map' ? node.entries.get(key) : undefined;
  return entry !== undefined && !isNull(entry.value);
}

/** The place of a key in a section, or of the section when the key is not there. */
export function placeOfKey(node: ConfigNode, key: string, at: Decoding): Place {
  const entry = node.kind === 'map' ? node.entries.get(key) : undefined;
  return entry === undefined ? at.place : placeOfEntry(entry);
}

/**
 * One word or a section without content chooses as well: `auth: token` and `auth: {token: }` mean
 * `auth: {token: {}}` (Go `Auth.UnmarshalYAML`, `Storage.UnmarshalYAML`).
 */
export function expandShorthand(node: ConfigNode): ConfigNode {
  if (isNull(node) || node.kind === 'list') return node;
  const { place } = node;
  if (node.kind === 'scalar')
    return mapNode(place, [[node.text, { keyPlace: place, value: mapNode(place) }]]);
  const entries = [...node.entries].map(([key, entry]): [string, MapEntry] => [
    key,
    isNull(entry.value) ? { ...entry, value: mapNode(entry.value.place) } : entry,
  ]);
  return mapNode(place, entries);
}

function decodeFields<F extends Fields>(
  fields: F,
  node: MapNode,
  at: Decoding,
  options: SectionOptions,
): Values<F> {
  const known = Object.keys(fields);
  for (const [key, entry] of node.entries) {
    if (Object.hasOwn(fields, key)) {
      if (options.refuseNull && isNull(entry.value)) at.report(options.refuseNull(key), entry.keyPlace);
      continue;
    }
    const message = options.unknownKey?.(key, known) ?? unknownKey(key, known, at);
    at.at(key, entry.keyPlace).refuse(message);
  }
  const values = Object.entries(fields).map(([key, field]) => [
    key,
    decodeField(field, key, node.entries.get(key), at),
  ]);
  // Each property was decoded by the field's own type; only the compiler cannot follow that.
  return Object.fromEntries(values) as Values<F>;
}

function decodeField(field: Field<unknown>, key: string, entry: MapEntry | undefined, at: Decoding): unknown {
  if (entry === undefined || isNull(entry.value)) {
    if (field.isRequired) {
      const name = formatPath([...at.path, key]);
      const advice = field.whenAbsent === undefined ? '' : `; ${field.whenAbsent}`;
      at.report(`"${name}" is required${advice}`, entry?.keyPlace ?? at.place);
      return undefined;
    }
    if (!isObeyed(field.support)) return undefined;
    const inside = at.at(key, entry?.keyPlace ?? at.place);
    return field.hasSubDefaults ? field.type.empty?.(inside) : field.whenMissing?.value;
  }
  const inside = at.at(key, placeOfEntry(entry));
  if (field.onlyIn !== undefined) inside.remark('only-in', String(field.onlyIn));
  switch (field.support.kind) {
    case 'supported':
    case 'differs': {
      if (field.support.kind === 'differs') inside.remark('differs', field.support.how);
      const value = field.type.decode(entry.value, inside);
      if (field.isFile) {
        for (const file of [value].flat()) if (typeof file === 'string') inside.remark('file', file);
      }
      return value ?? field.whenMissing?.value;
    }
    case 'unsupported':
      if (field.support.evenIfEmpty || !isInert(entry.value)) {
        inside.refuse(`${inside.name} is not supported; ${field.support.advice}`, entry.keyPlace);
      }
      return undefined;
    case 'no-effect': {
      const before = at.problems.length;
      field.type.decode(entry.value, inside);
      if (at.problems.length === before && !isInert(entry.value)) {
        inside.noEffect(field.support.reason, entry.keyPlace);
      }
      return undefined;
    }
  }
}

/**
 * Switched off or empty, all the way down: `proxy: {remoteurl: ""}`, `h2c: {enabled: false}`. Generated
 * configurations are full of these, and leaving them out would change nothing.
 */
function isInert(node: ConfigNode): boolean {
  switch (node.kind) {
    case 'scalar':
      return node.text === '' || isNull(node) || (node.plain && node.text === 'false');
    case 'list':
      return node.items.every(isInert);
    case 'map':
      return [...node.entries.values()].every((entry) => isInert(entry.value));
  }
}

function asSection(node: ConfigNode, at: Decoding): MapNode | undefined {
  if (node.kind === 'map') return node;
  at.report(`${at.name} must be a section of keys, not ${kindOf(node)}`, node.place);
  return undefined;
}

function kindOf(node: ConfigNode): string {
  if (node.kind === 'map') return 'a section of keys';
  return node.kind === 'list' ? 'a list' : 'text';
}

function listHint(node: ConfigNode): string {
  return node.kind === 'scalar' && /^[\w./:*-]+$/.test(node.text) ? `; write [${node.text}]` : '';
}

/** `unknown key "adress" under "http"; did you mean "addr"?` */
function unknownKey(key: string, known: readonly string[], at: Decoding): string {
  const where = at.path.length === 0 ? '' : ` under ${at.name}`;
  const [name = ''] = key.split(':');
  if (name !== key && known.includes(name)) {
    // What follows may be a password, and is not repeated.
    return `no space after the colon of "${name}"${where}, so YAML reads all of it as one key`;
  }
  const shown = key.length > 60 ? `${key.slice(0, 60)}…` : key;
  const near = suggest(key, known);
  return `unknown key "${shown}"${where}${near === undefined ? '' : `; did you mean "${near}"?`}`;
}
