import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CheckReport, checkRegistryTree } from '../../src/config/check.ts';
import { parseRegistryConfig, parseRegistryTree } from '../../src/config/distribution.ts';
import { registrySchema } from '../../src/config/registry-schema.ts';
import { isObeyed } from '../../src/config/schema.ts';
import { type SchemaKey, schemaKeys } from '../../src/config/schema-keys.ts';
import type { Finding } from '../../src/config/verdict.ts';
import { KEY_CASES } from './keys/all.ts';
import type { KeyCase } from './keys/case.ts';

/* A named test for each key of the schema. The schema itself says which there are. */

const KEYS = schemaKeys(registrySchema).filter(({ isSection }) => !isSection);
const isObeyedKey = ({ field, around }: SchemaKey): boolean =>
  [field, ...around].every(({ support }) => isObeyed(support));
const OBEYED = KEYS.filter(isObeyedKey);
const OTHERS = KEYS.filter((key) => !isObeyedKey(key));

const BASE = { version: 'version: 0.1', storage: 'storage: filesystem', http: 'http: {addr: ":5000"}' };

function complete(yaml: string): string {
  const missing = Object.entries(BASE).filter(([section]) => !new RegExp(`^${section}:`, 'm').test(yaml));
  return `${[...missing.map(([, line]) => line), yaml].join('\n')}\n`;
}

function check(yaml: string, from?: 2 | 3): CheckReport {
  const machine = { canRead: () => true, exists: () => false, isFolder: () => false };
  return checkRegistryTree(parseRegistryTree(complete(yaml), 'config.yml', {}), { from, machine });
}

/** The finding about a key, whichever list item or chosen name stands in it. */
function findingOf({ findings }: CheckReport, { name }: Pick<SchemaKey, 'name'>): Finding | undefined {
  const pattern = name
    .replaceAll(/[.[\]]/g, '\\$&')
    .replaceAll('\\[\\]', '\\[\\d+\\]')
    .replaceAll('<name>', '[^.]+');
  // A word may stand for a section, and what is in a value is part of it.
  const [section = ''] = name.split(/\.[^.]+$/);
  return (
    findings.find(({ key }) => new RegExp(`^${pattern}($|[.[])`).test(key)) ??
    findings.find(({ key }) => key === section)
  );
}

/** A value that the type of a key takes. */
function sample({ field: { type } }: SchemaKey): unknown {
  if (type.shape.kind === 'list') return ['x'];
  if (type.shape.kind === 'map') return { x: type.shape.value.shape.kind === 'list' ? ['x'] : 'x' };
  if (type.name === 'true or false') return true;
  if (type.name === 'duration') return '5s';
  if (type.name.startsWith('whole number')) return 5;
  return type.name.includes(', ') ? type.name.split(', ')[0] : 'x';
}

/** `{a: {b: [{c: value}]}}` for `a.b[].c`. */
function nest(name: string, value: unknown): unknown {
  const [, first = '', rest] = /^([^.]+?)(?:(?=\[\])|\.|$)(.*)$/s.exec(name) ?? [];
  if (name.startsWith('[]')) return [nest(name.slice(name.startsWith('[].') ? 3 : 2), value)];
  if (name === '') return value;
  return { [first === '<name>' ? 'x' : first]: rest === '' ? value : nest(rest ?? '', value) };
}

describe('each key that Berth obeys', () => {
  for (const key of OBEYED) {
    it(`key ${key.name}: its value reaches the program`, () => {
      const own: KeyCase | undefined = KEY_CASES[key.name];
      if (own === undefined) throw new Error(`${key.name} has no case in test/config/keys`);
      const { config } = parseRegistryConfig(complete(own.yaml), 'config.yml', {});
      expect(own.setting(config)).toEqual(own.is);
      const without = parseRegistryConfig(complete(''), 'config.yml', {}).config;
      // A value that is the default, too, would prove nothing.
      if (key.name !== 'version' && key.name !== 'auth.none')
        expect(own.setting(without)).not.toEqual(own.is);
      expect(findingOf(check(own.yaml), key)?.verdict).toBe(own.verdict ?? 'works-as-before');
      if (own.wrong === undefined) return;
      const [yaml, message] = own.wrong;
      expect(() => parseRegistryConfig(complete(yaml), 'config.yml', {})).toThrow(message);
      expect(check(yaml).findings.flatMap(({ needsAction, notes }) => (needsAction ? notes : []))).toEqual(
        expect.arrayContaining([expect.stringMatching(message)]),
      );
    });
  }

  it('has no case for a key that is not there', () => {
    const names = OBEYED.map(({ name }) => name);
    expect(Object.keys(KEY_CASES).filter((name) => !names.includes(name))).toEqual([]);
  });
});

describe('each key that Berth does not obey', () => {
  for (const key of OTHERS) {
    const [reason] = [...key.around, key.field]
      .map(({ support }) => support)
      .filter((each) => !isObeyed(each));
    it(`key ${key.name}: ${reason?.kind}, and check-config says why`, () => {
      const tree = nest(key.name, sample(key)) as Record<string, object>;
      // The section's other keys stay out of it; a driver of its own needs no other.
      if (tree['http'] !== undefined) tree['http'] = { addr: ':5000', ...tree['http'] };
      const isDriver = /^storage\.(s3|s3aws|gcs|azure|oss|swift)\./.test(key.name);
      if (tree['storage'] !== undefined && !isDriver)
        tree['storage'] = { filesystem: {}, ...tree['storage'] };
      const yaml = Object.entries(tree).map(([section, value]) => `${section}: ${JSON.stringify(value)}`);
      const finding = findingOf(check(yaml.join('\n')), key);
      const notes = finding?.notes.join(' ') ?? '';
      if (reason?.kind === 'unsupported') {
        expect(finding?.verdict).toBe('not-supported');
        expect(notes).toContain(reason.advice);
      } else {
        // Hooks and middleware have no effect once they are switched off, and are refused otherwise.
        expect(['works-differently', 'not-supported']).toContain(finding?.verdict);
        if (finding?.verdict === 'works-differently' && reason?.kind === 'no-effect')
          expect(notes).toContain(reason.reason);
      }
      expect(finding?.notes.length).toBeGreaterThan(0);
    });
  }
});

describe('any combination of keys', () => {
  it('gets exactly one verdict for each of them', () => {
    const sections = [...new Set(KEYS.map(({ name }) => name.split(/[.[]/)[0] ?? name))];
    const oneOfEach = sections.map((section) =>
      fc.constantFrom(undefined, ...KEYS.filter(({ name }) => name.split(/[.[]/)[0] === section)),
    );
    fc.assert(
      fc.property(fc.tuple(...oneOfEach), (chosen) => {
        const keys = chosen.flatMap((key) => key ?? []);
        const yaml = keys.map((key) => {
          const [[section, value] = ['', {}]] = Object.entries(nest(key.name, sample(key)) as object);
          return `${section}: ${JSON.stringify(value)}`;
        });
        const report = check(yaml.join('\n'));
        for (const key of keys) expect(findingOf(report, key)?.verdict).toBeDefined();
        const places = report.findings
          .filter(({ place, key }) => place.kind === 'file' && key !== '')
          .map(({ key, notes }) => `${key} ${notes.join()}`);
        expect(new Set(places).size).toBe(places.length);
      }),
      { numRuns: 300 },
    );
  });
});
