import type { Field, Fields, Type } from './schema.ts';

/** One key of a schema. */
export interface SchemaKey {
  /** `notifications.endpoints[].url`, `http.headers.<name>`. */
  readonly name: string;
  /** Its environment variable; `<N>` stands for the number of an item, `<NAME>` for a chosen name. */
  readonly variable: string;
  readonly field: Field<unknown>;
  /** The sections around it, outermost first. */
  readonly around: readonly Field<unknown>[];
  /** Whether it has keys of its own, which are listed after it. */
  readonly isSection: boolean;
}

/** Every key of a schema, a section before the keys in it. */
export function schemaKeys(type: Type<unknown>, prefix = 'REGISTRY'): readonly SchemaKey[] {
  return keysOf(fieldsBelow(type)?.fields ?? {}, '', prefix, []);
}

function keysOf(
  fields: Fields,
  path: string,
  variable: string,
  around: readonly Field<unknown>[],
): SchemaKey[] {
  return Object.entries(fields).flatMap(([key, field]) => {
    const name = path === '' ? key : `${path}.${key}`;
    const own = `${variable}_${field.goName ?? key.toUpperCase()}`;
    const below = fieldsBelow(field.type);
    const found: SchemaKey = { name, variable: own, field, around, isSection: below !== undefined };
    if (below === undefined) return [found];
    const next = own + below.suffix.replaceAll('[]', '_<N>').replaceAll('.<name>', '_<NAME>');
    return [found, ...keysOf(below.fields, name + below.suffix, next, [...around, field])];
  });
}

/** The keys inside a value of this type, behind the lists and maps that it is made of. */
function fieldsBelow({ shape }: Type<unknown>): { suffix: string; fields: Fields } | undefined {
  switch (shape.kind) {
    case 'section':
      // A section without keys, `auth: none`, is a key itself.
      return Object.keys(shape.fields).length === 0 ? undefined : { suffix: '', fields: shape.fields };
    case 'list':
      return behind('[]', shape.item);
    case 'map':
      return behind('.<name>', shape.value);
    default:
      return undefined;
  }
}

function behind(step: string, type: Type<unknown>): { suffix: string; fields: Fields } | undefined {
  const below = fieldsBelow(type);
  return below && { suffix: step + below.suffix, fields: below.fields };
}
