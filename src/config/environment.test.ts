import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, throwIfAny } from './config-error.ts';
import { applyEnvironment } from './environment.ts';
import { type ConfigNode, mapNode } from './node.ts';
import { optional } from './schema.ts';
import { anything, text } from './types-scalar.ts';
import { list, map, section } from './types-section.ts';
import { parseYaml } from './yaml.ts';

/** One of each Go kind: struct, renamed field, map, list, interface, and a map that a word can stand for. */
const schema = section({
  struct: optional(
    section({ field: optional(text, ''), renamed: { ...optional(text, ''), goName: 'GONAME' } }),
    '',
  ),
  map: optional(map(map(text)), ''),
  list: optional(list(section({ name: optional(text, '') })), ''),
  any: optional(anything, ''),
  choice: optional(
    section(
      { one: optional(section({ x: optional(text, '') }, { go: 'map' }), '') },
      { go: 'map', shorthand: true },
    ),
    '',
  ),
});

function apply(yaml: string, env: Record<string, string>): { value: unknown; ignored: readonly string[] } {
  const rule = { prefix: 'REGISTRY_', reserved: new Set(['REGISTRY_CONFIGURATION_PATH']) };
  const { root, ignored, problems } = applyEnvironment(parseYaml(yaml, { file: 'f' }), schema, env, rule);
  throwIfAny(problems);
  return { value: plain(root), ignored };
}

function plain(node: ConfigNode): unknown {
  if (node.kind === 'scalar') return node.text;
  if (node.kind === 'list') return node.items.map(plain);
  return Object.fromEntries([...node.entries].map(([key, entry]) => [key, plain(entry.value)]));
}

describe('the environment rule (distribution parser.go)', () => {
  it('finds struct fields by Go name, in upper case only', () => {
    const env = { REGISTRY_STRUCT_FIELD: 'a', REGISTRY_STRUCT_GONAME: 'b', REGISTRY_STRUCT_field: 'c' };
    expect(apply('{}', { ...env, REGISTRY_STRUCT_RENAMED: 'd' })).toEqual({
      value: { struct: { field: 'a', renamed: 'b' } },
      ignored: ['REGISTRY_STRUCT_RENAMED', 'REGISTRY_STRUCT_field'],
    });
  });

  it('parses values as YAML', () => {
    expect(apply('{}', { REGISTRY_STRUCT: '{field: "x y"}', REGISTRY_ANY: "[1, '2']" }).value).toEqual({
      struct: { field: 'x y' },
      any: ['1', '2'],
    });
  });

  it('replaces a section before a longer name adds to it', () => {
    const env = { REGISTRY_CHOICE_ONE_X: 'new', REGISTRY_CHOICE: 'one' };
    expect(apply('choice: {one: {x: old, y: old}}', env).value).toEqual({ choice: { one: { x: 'new' } } });
  });

  it('adds below a word that stands for a section', () => {
    expect(apply('choice: one', { REGISTRY_CHOICE_ONE_X: 'a' }).value).toEqual({
      choice: { one: { x: 'a' } },
    });
  });

  it('finds map keys whatever their case on the way down, and makes new ones in lower case', () => {
    const env = { REGISTRY_MAP_MIXED_KEY: 'a', REGISTRY_MAP_NEW_KEY: 'b' };
    expect(apply('map: {MiXed: {Key: old}}', env).value).toEqual({
      map: { MiXed: { Key: 'old', key: 'a' }, new: { key: 'b' } },
    });
  });

  it('appends to a list at its end, and only there', () => {
    const env = { REGISTRY_LIST_0_NAME: 'a', REGISTRY_LIST_1_NAME: 'b' };
    expect(apply('list: [{name: old}]', env).value).toEqual({ list: [{ name: 'a' }, { name: 'b' }] });
    expect(() => apply('{}', { REGISTRY_LIST_1_NAME: 'b' })).toThrow(
      'REGISTRY_LIST_1_NAME: "1" is too large',
    );
    expect(() => apply('{}', { 'REGISTRY_LIST_-1_NAME': 'b' })).toThrow(ConfigError);
    expect(() => apply('{}', { REGISTRY_LIST_X_NAME: 'b' })).toThrow(ConfigError);
  });

  it('makes maps below an interface, but changes no text into one', () => {
    expect(apply('{}', { REGISTRY_ANY_A_B: 'c' }).value).toEqual({ any: { a: { b: 'c' } } });
    expect(apply('any: text', { REGISTRY_ANY_A: 'c' })).toEqual({
      value: { any: 'text' },
      ignored: ['REGISTRY_ANY_A'],
    });
  });

  it('leaves other variables alone', () => {
    const env = {
      registry_STRUCT_FIELD: 'a',
      REGISTRY: 'b',
      PATH: '/bin',
      REGISTRY_CONFIGURATION_PATH: '/x',
    };
    expect(apply('{}', env)).toEqual({ value: {}, ignored: [] });
  });

  it('reports every value that is not YAML', () => {
    expect(() => apply('{}', { REGISTRY_STRUCT: '{', REGISTRY_ANY: '[' })).toThrow(
      /^REGISTRY_ANY: .*\nREGISTRY_STRUCT: /s,
    );
  });

  it('does not depend on the order of the environment', () => {
    const names = [
      'STRUCT',
      'STRUCT_FIELD',
      'MAP',
      'MAP_A',
      'MAP_A_B',
      'ANY',
      'ANY_X',
      'CHOICE',
      'CHOICE_ONE_X',
    ];
    const values = ['one', '{field: a}', '{a: {b: c}}', ''];
    const entries = fc.array(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...values)), {
      maxLength: 9,
    });
    fc.assert(
      fc.property(entries, (pairs) => {
        const env = Object.fromEntries(pairs.map(([name, value]) => [`REGISTRY_${name}`, value]));
        const reversed = Object.fromEntries(Object.entries(env).reverse());
        expect(apply('{}', env)).toEqual(apply('{}', reversed));
      }),
    );
  });

  it('survives any names and values, and changes nothing but its own tree', () => {
    const step = fc.constantFrom(
      'STRUCT',
      'FIELD',
      'MAP',
      'LIST',
      'ANY',
      'CHOICE',
      'ONE',
      '0',
      '1',
      '',
      '__PROTO__',
      'x',
    );
    const name = fc.array(step, { maxLength: 40 }).map((steps) => `REGISTRY_${steps.join('_')}`);
    const value = fc.oneof(fc.string(), fc.constantFrom('{}', '[]', '[{}]', '{a: b}', '~'));
    fc.assert(
      fc.property(fc.dictionary(name, value, { maxKeys: 5 }), (env) => {
        const root = mapNode({ kind: 'built-in' });
        applyEnvironment(root, schema, env, { prefix: 'REGISTRY_', reserved: new Set() });
        expect(root.entries.size).toBe(0);
      }),
      { numRuns: 1_000 },
    );
  });
});
