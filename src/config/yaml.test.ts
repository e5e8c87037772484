import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from './config-error.ts';
import type { ConfigNode } from './node.ts';
import { parseYaml } from './yaml.ts';

function read(text: string): unknown {
  return plain(parseYaml(text, { file: 'f' }));
}

function plain(node: ConfigNode): unknown {
  if (node.kind === 'scalar') return node.text;
  if (node.kind === 'list') return node.items.map(plain);
  return Object.fromEntries([...node.entries].map(([key, entry]) => [key, plain(entry.value)]));
}

describe('parseYaml', () => {
  it('gives no scalar a type', () => {
    expect(read('{a: yes, b: 0777, c: 1:30, y: "5", e: , f: ~}')).toEqual({
      a: 'yes',
      b: '0777',
      c: '1:30',
      y: '5',
      e: '',
      f: '~',
    });
  });

  it('knows what was quoted', () => {
    const node = parseYaml('[5, "5", \'5\', |-\n  5\n]'.replace(', |-\n  5\n', ''), { file: 'f' });
    expect(node.kind === 'list' && node.items.map((item) => item.kind === 'scalar' && item.plain)).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('merges: own keys win, the first of several maps wins', () => {
    const text = 'a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc: {<<: [*a, *b], x: 0}\nd: {"<<": 5}';
    expect(read(text)).toMatchObject({ c: { x: '0', y: '2', z: '4' }, d: { '<<': '5' } });
  });

  it.each([
    ['merging text', '<<: text'],
    ['merging a list of text', '<<: [text]'],
    ['a list as key', '? [a]\n: b'],
    ['lists in lists', '['.repeat(5_000)],
    ['closed lists in lists', `${'['.repeat(3_000)}${']'.repeat(3_000)}`],
    [
      'aliases that unfold without end',
      Array.from(
        { length: 30 },
        (_, i) => `a${i}: &a${i} [${i === 0 ? 'x' : `*a${i - 1}, *a${i - 1}`}]`,
      ).join('\n'),
    ],
    ['too much text', '#'.repeat(9 * 1024 * 1024)],
    ['a control character', 'a: \u0000'],
  ])('refuses %s', (_, text) => {
    expect(() => parseYaml(text, { file: 'f' })).toThrow(ConfigError);
  });

  it('reads simple values as the library does, without it', () => {
    const simple = fc.stringMatching(/^[A-Za-z0-9/._~$@%+=,():# -]{1,12}$/);
    fc.assert(
      fc.property(simple, (value) => {
        // A line break at the end changes nothing in YAML, and keeps the short way from being taken.
        const outcome = (text: string): unknown => {
          try {
            const node = parseYaml(text, { variable: 'V' });
            return node.kind === 'scalar' ? { text: node.text, plain: node.plain } : node;
          } catch (error) {
            return String(error);
          }
        };
        expect(outcome(value)).toEqual(outcome(`${value}\n`));
      }),
      { numRuns: 2_000 },
    );
  });

  it('throws nothing but ConfigError', () => {
    const piece = fc.constantFrom(
      ...[
        'a',
        ': ',
        '\n',
        '  ',
        '- ',
        '[',
        ']',
        '{',
        '}',
        ',',
        '&a ',
        '*a',
        '<<: ',
        '!!str ',
        '!x ',
        '|\n',
        '"',
        "'",
      ],
      ...['#', '?', '%', '---\n', '...', '\t', '0', '~', '\u0000', '\ud800', '\r'],
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(text, (value) => {
        try {
          parseYaml(value, { file: 'f' });
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});
