import { type Field, isObeyed, type Type } from '../../src/config/schema.ts';
import { type SchemaKey, schemaKeys } from '../../src/config/schema-keys.ts';
import { table } from './markdown.ts';

function defaultOf(field: Field<unknown>): string {
  if (field.isRequired) return 'required';
  return field.defaultText === undefined || field.defaultText === '' ? '' : `\`${field.defaultText}\``;
}

/** How a key stands to registry:2 and registry:3. */
function besideOriginal({ field: { support, onlyIn }, around }: SchemaKey): string {
  const [only] = [onlyIn, ...around.map((section) => section.onlyIn)].filter((each) => each !== undefined);
  const has = only === 'berth' ? ["Berth's own"] : only === undefined ? [] : [`registry:${only} only`];
  return [...has, ...(support.kind === 'differs' ? [support.how] : [])].join('; ');
}

/**
 * A row for each key that means something; those of a section that Berth does not have stand in its row, and those of a
 * section of the top that stands elsewhere, too, at the top alone.
 */
export function schemaTable(type: Type<unknown>, original: boolean): string {
  const keys = schemaKeys(type);
  const top = new Map(keys.filter(({ name }) => !/[.[]/.test(name)).map(({ field, name }) => [field, name]));
  const isAgain = (key: SchemaKey) => top.has(key.field) && top.get(key.field) !== key.name;
  const below = (key: SchemaKey) => key.around.some((field, depth) => depth > 0 && top.has(field));
  const rows = keys
    .filter((key) => !below(key))
    .filter(({ around }) => around.every(({ support }) => isObeyed(support)))
    .filter((key) => isAgain(key) || !(key.isSection && isObeyed(key.field.support)))
    .map((key) => [
      `\`${key.name}\``,
      key.field.type.name,
      defaultOf(key.field),
      isAgain(key) ? `As \`${top.get(key.field)}\` at the top, in its place.` : key.field.description,
      ...(original ? [besideOriginal(key)] : []),
    ]);
  return table(['key', 'type', 'default', 'meaning', ...(original ? ['beside the original'] : [])], rows);
}

/** What becomes of a variable: a key that is not obeyed takes those below it with it. */
function fate({ name, field, around }: SchemaKey): string {
  if (name === 'version') return 'ignored';
  const kinds = [...around, field].map(({ support }) => support.kind);
  if (kinds.includes('unsupported')) return '**not supported**: an error';
  return kinds.includes('no-effect') ? 'no effect' : '';
}

/** A row for each key of distribution's configuration, with the variable that sets it. */
export function variableTable(type: Type<unknown>): string {
  return table(
    ['variable', 'key', 'type', ''],
    schemaKeys(type).map((key) => [`\`${key.variable}\``, `\`${key.name}\``, key.field.type.name, fate(key)]),
  );
}
