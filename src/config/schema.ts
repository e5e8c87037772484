import type { Decoding } from './decoding.ts';
import type { ConfigNode } from './node.ts';

/**
 * The schema is one table: from it come the types of the decoded values, the defaults, the environment
 * rule's names, every message about a wrong key, and the reference page.
 */

/** A type of values: how they are checked, and what the environment rule may do below them. */
export interface Type<T> {
  /** As the reference page names it: `duration`, `list of text`. */
  readonly name: string;
  readonly shape: Shape;
  /** No message repeats a value. */
  readonly isSecret?: boolean;
  /**
   * The value of `node`, which is not null. A problem is reported to `at`, and undefined returned; the
   * whole configuration is refused afterwards, so nobody sees that undefined.
   */
  decode(node: ConfigNode, at: Decoding): T | undefined;
  /** The value when nothing was written; only sections of keys have one without being asked. */
  empty?(at: Decoding): T | undefined;
}

/** What is below a value, as far as environment variables are concerned (distribution `parser.go`). */
export type Shape =
  | { readonly kind: 'scalar' }
  /** Anything may be below: Go's `interface{}`. */
  | { readonly kind: 'any' }
  | { readonly kind: 'list'; readonly item: Type<unknown> }
  | { readonly kind: 'map'; readonly value: Type<unknown> }
  | {
      readonly kind: 'section';
      readonly fields: Fields;
      /**
       * In a Go struct an unknown name is ignored with a warning; in a Go map it makes a new key (which is
       * then an unknown key, and an error).
       */
      readonly go: 'struct' | 'map';
      /** One word may stand for the section: `auth: token` for `auth: {token: {}}`. */
      readonly shorthand: boolean;
    };

/** What Berth does with a key that it knows. */
export type Support =
  | { readonly kind: 'supported' }
  /** Obeyed, and yet not what the original does, which `berth check-config` and the reference page tell. */
  | { readonly kind: 'differs'; readonly how: string }
  /** Refused when set (with `evenIfEmpty` when there at all), with what to do instead. */
  | { readonly kind: 'unsupported'; readonly advice: string; readonly evenIfEmpty: boolean }
  /** Accepted and checked, changes nothing, and a notice says why. */
  | { readonly kind: 'no-effect'; readonly reason: string };

/** A key of a section: its type, what the reference says of it, and what stands where it is missing. */
export interface Field<T> {
  readonly type: Type<unknown>;
  readonly description: string;
  readonly support: Support;
  /** The default as the reference page shows it. */
  readonly defaultText: string | undefined;
  readonly isRequired: boolean;
  /** What to write where a required one is missing; a clause. */
  readonly whenAbsent: string | undefined;
  /** Upper-case name of the Go struct field where that is not the key in upper case. */
  readonly goName: string | undefined;
  /** A section of keys that stands even when it was not written, with the defaults of its keys. */
  readonly hasSubDefaults: boolean;
  /** The value when nothing was written; boxed, so that "may be undefined" is part of the type. */
  readonly whenMissing: { readonly value: T } | undefined;
  /** The one of registry:2 and registry:3 that has it, where the other ignores it; `berth` where neither has it. */
  readonly onlyIn: 2 | 3 | 'berth' | undefined;
  /** The value is the path of a file that is read at the start, or a list of them. */
  readonly isFile: boolean;
}

/** The keys of a section, as they are written. */
export type Fields = Readonly<Record<string, Field<unknown>>>;

/** The decoded section: one property for each field. */
export type Values<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never;
};

export interface FieldOptions {
  readonly goName?: string;
  /** The key alone says something: a storage driver, a kind of authentication. */
  readonly evenIfEmpty?: boolean;
}

const SUPPORTED: Support = { kind: 'supported' };

function field<T>(type: Type<unknown>, description: string, parts: Partial<Field<T>>): Field<T> {
  return {
    type,
    description,
    support: SUPPORTED,
    defaultText: undefined,
    isRequired: false,
    whenAbsent: undefined,
    goName: undefined,
    hasSubDefaults: false,
    whenMissing: undefined,
    onlyIn: undefined,
    isFile: false,
    ...parts,
  };
}

/** A key that may be left out; its value is then undefined. */
export function optional<T>(type: Type<T>, description: string): Field<T | undefined> {
  return field<T | undefined>(type, description, {});
}

/** A key that must be there. `advice` is a clause: what to write where it is missing. */
export function required<T>(type: Type<T>, description: string, advice?: string): Field<T> {
  return field<T>(type, description, { isRequired: true, whenAbsent: advice });
}

/** A key with a default. */
export function withDefault<T>(
  type: Type<T>,
  description: string,
  value: T,
  defaultText = String(value),
): Field<T> {
  return field<T>(type, description, { whenMissing: { value }, defaultText });
}

/** A section of keys whose own defaults hold when it is left out. */
export function sub<T>(type: Type<T>, description: string): Field<T> {
  return field<T>(type, description, { hasSubDefaults: true });
}

/** A key of the original program that Berth refuses, with advice (a clause: `use json`). */
export function unsupported(
  type: Type<unknown>,
  advice: string,
  options: FieldOptions = {},
): Field<undefined> {
  return field<undefined>(type, `Not supported: ${advice}.`, {
    support: { kind: 'unsupported', advice, evenIfEmpty: options.evenIfEmpty ?? false },
    goName: options.goName,
  });
}

/** A key of the original program that is checked but changes nothing, with the reason (a clause). */
export function noEffect(type: Type<unknown>, reason: string, options: FieldOptions = {}): Field<undefined> {
  return field<undefined>(type, `No effect: ${reason}.`, {
    support: { kind: 'no-effect', reason },
    goName: options.goName,
  });
}

/** The same key, obeyed in another way than by the original: `how` is a clause, `the folder is …`. */
export function differs<T>(field: Field<T>, how: string): Field<T> {
  return { ...field, support: { kind: 'differs', how } };
}

/** The same key, which only one of registry:2, registry:3 and Berth has. */
export function onlyIn<T>(program: 2 | 3 | 'berth', field: Field<T>): Field<T> {
  return { ...field, onlyIn: program };
}

/** The same key, whose value is the path of a file that must be there, or a list of such paths. */
export function namesFile<T>(field: Field<T>): Field<T> {
  return { ...field, isFile: true };
}

/** The same, where the original reads the file at its start only. */
export function readAgain<T>(field: Field<T>): Field<T> {
  return differs(namesFile(field), 'a changed file is in use within seconds, without a restart');
}

/** Whether a value of this field reaches the program. */
export function isObeyed({ kind }: Support): boolean {
  return kind === 'supported' || kind === 'differs';
}
