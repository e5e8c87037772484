import type { Decoding } from './decoding.ts';
import { parseGoDuration } from './duration.ts';
import type { ConfigNode } from './node.ts';
import type { Shape, Type } from './schema.ts';
import { Secret } from './secret.ts';
import { type Resolved, resolveScalar } from './yaml-scalar.ts';

const SCALAR: Shape = { kind: 'scalar' };

function resolve(node: ConfigNode): Resolved | undefined {
  if (node.kind !== 'scalar') return undefined;
  return node.plain ? resolveScalar(node.text) : { kind: 'text', value: node.text };
}

/** What was written, for a message: in quotes when it was quoted there, cut when it is long. */
function shown(node: ConfigNode): string {
  if (node.kind !== 'scalar') return node.kind === 'list' ? 'a list' : 'a section';
  const text = node.text.length > 60 ? `${node.text.slice(0, 60)}…` : node.text;
  return node.plain ? text : JSON.stringify(text);
}

function wrong(node: ConfigNode, at: Decoding, expected: string): undefined {
  at.report(`${at.name} must be ${expected}, not ${shown(node)}`, node.place);
  return undefined;
}

/** Text exactly as written: `yes`, `0777` and `1:30` stay what they are (Go `string` field). */
export const text: Type<string> = {
  name: 'text',
  shape: SCALAR,
  decode(node, at) {
    return node.kind === 'scalar' ? node.text : wrong(node, at, 'text');
  },
};

/** Text that is not empty. */
export const nonEmptyText: Type<string> = {
  name: 'text',
  shape: SCALAR,
  decode(node, at) {
    const value = text.decode(node, at);
    return value === '' ? wrong(node, at, 'text that is not empty') : value;
  },
};

/**
 * Text where Go would have to guess the type (a parameter of `auth.token`): `12345` is a number there and
 * refused by registry:2 with "requires a valid option string", so it is an error here.
 */
export const strictText: Type<string> = {
  name: 'text',
  shape: SCALAR,
  decode(node, at) {
    const resolved = resolve(node);
    if (resolved === undefined) return wrong(node, at, 'text');
    if (resolved.kind === 'text' && node.kind === 'scalar') {
      return node.text === '' ? wrong(node, at, 'text that is not empty') : node.text;
    }
    const kind = resolved.kind === 'bool' ? 'true or false' : 'a number';
    const quoted = `"${shown(node)}"`;
    // The shell takes the outer quotes away, YAML the inner ones.
    const remedy = node.place.kind === 'variable' ? `${node.place.variable}='${quoted}'` : quoted;
    at.report(
      `${at.name} must be text, but YAML reads ${shown(node)} as ${kind}; write ${remedy}`,
      node.place,
    );
    return undefined;
  },
};

/** Text that never appears in a message or dump. */
export const secretText: Type<Secret> = {
  name: 'secret text',
  shape: SCALAR,
  isSecret: true,
  decode(node, at) {
    const value = text.decode(node, at);
    return value === undefined ? undefined : new Secret(value);
  },
};

/** `true`, `yes`, `on`, `y` and their opposites, unquoted, as YAML 1.1 has them (Go `bool` field). */
export const bool: Type<boolean> = {
  name: 'true or false',
  shape: SCALAR,
  decode(node, at) {
    const resolved = resolve(node);
    if (resolved?.kind === 'bool') return resolved.value;
    // registry:2 takes the text for a parameter that is not set, and says nothing.
    const isQuoted = node.kind === 'scalar' && !node.plain && resolveScalar(node.text)?.kind === 'bool';
    return wrong(node, at, isQuoted ? 'true or false, without quotes' : 'true or false');
  },
};

/**
 * A whole number, also as `0x10`, `0o17`, `017`, `0b1`, `1_000` or `1e3` (Go `int` field). Unlike Go, which
 * cuts off the fraction, `1.5` is an error.
 */
export function int(
  range: { readonly min?: number; readonly max?: number; readonly unit?: string } = {},
): Type<number> {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER, unit } = range;
  const expected = unit === undefined ? 'a whole number' : `a whole number of ${unit}`;
  return {
    name: expected.slice(2),
    shape: SCALAR,
    decode(node, at) {
      const resolved = resolve(node);
      if (resolved?.kind !== 'int' && resolved?.kind !== 'float') return wrong(node, at, expected);
      const value = Number(resolved.value);
      if (!Number.isInteger(value)) return wrong(node, at, expected);
      if (value < min) return wrong(node, at, `at least ${min}`);
      if (value > max) return wrong(node, at, `at most ${max}`);
      return value;
    },
  };
}

const MILLISECOND = 1_000_000n;
const MAX_INT64 = 2n ** 63n - 1n;

/**
 * A Go duration (`24h`, `1m30s`) as milliseconds, not negative. A bare number is nanoseconds in Go; one
 * too small for a millisecond is a forgotten unit, and an error that says so.
 */
export const duration: Type<number> = {
  name: 'duration',
  shape: SCALAR,
  decode(node, at) {
    const resolved = resolve(node);
    let nanoseconds: bigint | undefined;
    if (resolved?.kind === 'text') nanoseconds = parseGoDuration(resolved.value);
    if (resolved?.kind === 'int') {
      nanoseconds = resolved.value;
      if (nanoseconds !== 0n && nanoseconds < MILLISECOND) {
        at.report(
          `${at.name}: ${shown(node)} has no unit and would be nanoseconds; write ${shown(node)}s for seconds`,
          node.place,
        );
        return undefined;
      }
    }
    if (nanoseconds === undefined || nanoseconds > MAX_INT64)
      return wrong(node, at, 'a duration such as 30s, 5m or 24h');
    if (nanoseconds < 0n) return wrong(node, at, 'a duration that is not negative');
    return Number(nanoseconds) / Number(MILLISECOND);
  },
};

/** One of a few words. `foldCase` accepts `INFO` for `info`, as Go's Loglevel does. */
export function oneOf<const W extends string>(
  words: readonly W[],
  options: { readonly foldCase?: boolean; readonly instead?: Readonly<Record<string, string>> } = {},
): Type<W> {
  const expected = words.length === 1 ? words.join() : `one of ${words.join(', ')}`;
  return {
    name: words.join(', '),
    shape: SCALAR,
    decode(node, at) {
      if (node.kind !== 'scalar') return wrong(node, at, expected);
      const written = options.foldCase === true ? node.text.toLowerCase() : node.text;
      const word = words.find((candidate) => candidate === written);
      if (word !== undefined) return word;
      const advice = options.instead?.[written];
      if (advice === undefined) return wrong(node, at, expected);
      at.report(`${at.name}: ${shown(node)} is not supported; ${advice}`, node.place);
      return undefined;
    },
  };
}

/** A scalar of whatever type YAML gives it. */
export type Scalar = string | number | boolean;

/** A scalar as YAML types it: only unquoted text can be a number or a truth value. */
export const scalar: Type<Scalar> = {
  name: 'text, number or true/false',
  shape: { kind: 'any' },
  decode(node, at) {
    const resolved = resolve(node);
    switch (resolved?.kind) {
      case 'text':
      case 'bool':
      case 'float':
        return resolved.value;
      case 'int':
        return Number(resolved.value);
      default:
        return wrong(node, at, 'text, a number, true or false');
    }
  },
};

/** Anything at all; for sections that are not read. */
export const anything: Type<undefined> = {
  name: 'anything',
  shape: { kind: 'any' },
  decode: () => undefined,
};
