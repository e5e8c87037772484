import type * as Yaml from 'yaml';
import { type ConfigProblem, formatPlace, type Place } from './config-error.ts';
import { type ConfigNode, listNode, type MapEntry, type MapNode, mapNode, scalarNode } from './node.ts';

/** Nested deeper than this, or with aliases that stand for more nodes, is an attack and no configuration. */
const MAX_DEPTH = 64;
const MAX_ALIASED_NODES = 100_000;

interface Context {
  readonly placeAt: (offset: number) => Place;
  readonly problems: ConfigProblem[];
}

/** Turns the parser's document into our tree. Problems are added to the context, the tree is then partial. */
export function convert(yaml: typeof Yaml, document: Yaml.Document.Parsed, context: Context): ConfigNode {
  return new Converter(yaml, context).node(document.contents, context.placeAt(0), 0);
}

class Converter {
  readonly #yaml: typeof Yaml;
  readonly #context: Context;
  readonly #open = new Set<Yaml.Node>();
  readonly #anchors = new Map<string, Yaml.Node>();
  #aliasDepth = 0;
  #aliasedNodes = 0;

  constructor(yaml: typeof Yaml, context: Context) {
    this.#yaml = yaml;
    this.#context = context;
  }

  node(value: unknown, fallback: Place, depth: number): ConfigNode {
    if (!this.#yaml.isNode(value)) return scalarNode('', fallback);
    const place = this.#placeOf(value, fallback);
    if (this.#aliasDepth > 0) this.#aliasedNodes += 1;
    if (depth > MAX_DEPTH || this.#aliasedNodes > MAX_ALIASED_NODES) {
      // Said once; thousands of siblings would say the same.
      if (!this.#context.problems.some((problem) => problem.message === TOO_MUCH))
        this.#report(place, TOO_MUCH);
      return scalarNode('', place);
    }
    if (this.#yaml.isAlias(value)) return this.#alias(value, place, depth);
    if (this.#aliasDepth === 0 && 'anchor' in value && typeof value.anchor === 'string') {
      this.#anchors.set(value.anchor, value);
    }
    if (this.#yaml.isMap(value)) return this.#inside(value, () => this.#map(value, place, depth));
    if (this.#yaml.isSeq(value)) {
      return this.#inside(value, () =>
        listNode(
          place,
          value.items.map((item) => this.node(item, place, depth + 1)),
        ),
      );
    }
    return this.#scalar(value, place);
  }

  #inside<T>(node: Yaml.Node, run: () => T): T {
    this.#open.add(node);
    const result = run();
    this.#open.delete(node);
    return result;
  }

  #alias(alias: Yaml.Alias, place: Place, depth: number): ConfigNode {
    // The library's own resolve() walks the whole document each time.
    const target = this.#anchors.get(alias.source);
    if (target === undefined || this.#open.has(target)) {
      const why =
        target === undefined
          ? 'there is no anchor of this name above; a text that begins with * needs quotes'
          : 'the anchor contains itself';
      this.#report(place, `alias *${alias.source}: ${why}`);
      return scalarNode('', place);
    }
    this.#aliasDepth += 1;
    const node = this.node(target, place, depth + 1);
    this.#aliasDepth -= 1;
    return node;
  }

  #scalar(value: Yaml.Node, place: Place): ConfigNode {
    if (!this.#yaml.isScalar(value)) return scalarNode('', place);
    const text = typeof value.value === 'string' ? value.value : (value.source ?? '');
    const isPlain = value.type === undefined || value.type === 'PLAIN';
    switch (value.tag) {
      case undefined:
        return scalarNode(text, place, isPlain);
      case '!':
      case 'tag:yaml.org,2002:str':
        return scalarNode(text, place, false);
      case 'tag:yaml.org,2002:null':
      case 'tag:yaml.org,2002:bool':
      case 'tag:yaml.org,2002:int':
      case 'tag:yaml.org,2002:float':
        // The field's own type decides; an explicit tag only says that the quotes do not count.
        return scalarNode(text, place, true);
      default:
        this.#report(place, `the YAML tag ${value.tag} means nothing here`);
        return scalarNode(text, place, isPlain);
    }
  }

  #map(map: Yaml.YAMLMap, place: Place, depth: number): MapNode {
    const result = mapNode(place);
    const merged: ConfigNode[] = [];
    for (const pair of map.items) {
      const keyPlace = this.#placeOf(pair.key, place);
      if (isMergeKey(this.#yaml, pair.key)) {
        merged.push(this.node(pair.value, keyPlace, depth + 1));
        continue;
      }
      const key = this.#key(pair.key, keyPlace, depth);
      if (key === undefined) continue;
      const earlier = result.entries.get(key);
      if (earlier !== undefined) {
        this.#report(
          keyPlace,
          `key "${key}" is there twice; the first is at ${formatPlace(earlier.keyPlace)}`,
        );
        continue;
      }
      result.entries.set(key, { keyPlace, value: this.node(pair.value, keyPlace, depth + 1) });
    }
    for (const source of merged) this.#merge(source, result.entries);
    return result;
  }

  #key(key: unknown, place: Place, depth: number): string | undefined {
    const node = this.node(key, place, depth + 1);
    if (node.kind === 'scalar') return node.text;
    this.#report(place, 'a key must be text');
    return undefined;
  }

  /** YAML merge key: keys written in the map itself win, earlier maps of a list win over later ones. */
  #merge(source: ConfigNode, entries: Map<string, MapEntry>): void {
    if (source.kind === 'list') {
      for (const item of source.items) {
        if (item.kind === 'map') this.#merge(item, entries);
        else this.#report(item.place, 'only sections can be merged with "<<"');
      }
    } else if (source.kind === 'map') {
      for (const [key, entry] of source.entries) if (!entries.has(key)) entries.set(key, entry);
    } else {
      this.#report(source.place, 'only sections can be merged with "<<"');
    }
  }

  #placeOf(value: unknown, fallback: Place): Place {
    const range = this.#yaml.isNode(value) ? value.range : undefined;
    return range === undefined || range === null ? fallback : this.#context.placeAt(range[0]);
  }

  #report(place: Place, message: string): void {
    this.#context.problems.push({ place, message });
  }
}

const TOO_MUCH = 'is nested too deeply, or its aliases unfold to too much';

function isMergeKey(yaml: typeof Yaml, key: unknown): boolean {
  if (!yaml.isScalar(key)) return false;
  // The parser gives an unquoted << as a symbol of that name.
  return typeof key.value === 'symbol' && key.value.description === '<<';
}
