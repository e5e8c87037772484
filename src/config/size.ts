import type { Decoding } from './decoding.ts';
import type { ConfigNode } from './node.ts';
import type { Type } from './schema.ts';

/** In lower case. */
const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['', 1n],
  ['b', 1n],
  ...['kb', 'mb', 'gb', 'tb', 'pb'].map((unit, at): [string, bigint] => [unit, 1000n ** BigInt(at + 1)]),
  ...['kib', 'mib', 'gib', 'tib', 'pib'].map((unit, at): [string, bigint] => [unit, 1024n ** BigInt(at + 1)]),
]);

/** Beyond, numbers are not exact any more: about 9 PB. */
const MAX = BigInt(Number.MAX_SAFE_INTEGER);

/** A size as a whole number of bytes, or what is wrong with the text, as the end of a sentence. */
export function parseSize(text: string): number | { readonly wrong: string } {
  const found = /^([0-9]+)(?:\.([0-9]+))? ?([A-Za-z]*)$/.exec(text);
  if (found === null) return { wrong: 'must be a size such as 50GB, 10GiB or 5000000' };
  const [, whole = '', fraction = '', unit = ''] = found;
  const factor = UNITS.get(unit.toLowerCase());
  if (factor === undefined) return { wrong: unknownUnit(`${whole}${fraction && `.${fraction}`}`, unit) };
  const scaled = BigInt(whole + fraction) * factor;
  const divisor = 10n ** BigInt(fraction.length);
  if (scaled % divisor !== 0n) return { wrong: 'must be a whole number of bytes' };
  const bytes = scaled / divisor;
  if (bytes > MAX) return { wrong: 'must be at most 9PB' };
  return Number(bytes);
}

/** `g` is 1000³ to some programs and 1024³ to others. */
function unknownUnit(number: string, unit: string): string {
  const [letter = ''] = unit.toUpperCase();
  if (!/^[KMGTP]i?$/i.test(unit)) {
    return `has the unit ${unit}; there are B, kB, MB, GB, TB, PB (1000 each) and KiB, MiB, GiB, TiB, PiB (1024)`;
  }
  return `does not say which unit: write ${number}${letter}B (1000 each) or ${number}${letter}iB (1024 each)`;
}

/** A limit that can be lifted: `unlimited`, or what `parse` makes of the text. */
function limit(name: string, parse: (text: string) => number | { readonly wrong: string }): Type<number> {
  return {
    name,
    shape: { kind: 'scalar' },
    decode(node: ConfigNode, at: Decoding) {
      if (node.kind !== 'scalar') {
        at.report(`${at.name} must be a ${name}, not a ${node.kind === 'list' ? 'list' : 'section'}`);
        return undefined;
      }
      if (node.text === 'unlimited') return Number.POSITIVE_INFINITY;
      const value = parse(node.text);
      if (typeof value !== 'number') {
        at.report(`${at.name} ${value.wrong}, and is ${JSON.stringify(node.text.slice(0, 60))}`, node.place);
        return undefined;
      }
      if (value > 0) return value;
      at.report(
        `${at.name} is 0, so that nothing could be pushed; write unlimited if that is meant`,
        node.place,
      );
      return undefined;
    },
  };
}

/** A number of bytes: a whole number, or one with a unit; infinite where it is `unlimited`. */
export const sizeLimit = limit('size', parseSize);

/** A number of things; infinite where it is `unlimited`. */
export const countLimit = limit('number', (text) => {
  const value = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : { wrong: 'must be a whole number, or unlimited' };
});
