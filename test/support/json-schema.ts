import type { Schema } from '../../src/http/api/schema.ts';

/** What of a value does not fit a schema, each with its place; empty where all of it does. */
export function misfits(schema: Schema, value: unknown, at = ''): string[] {
  switch (schema.type) {
    case 'string':
      if (typeof value !== 'string') return [`${at}: no text`];
      if (schema.enum !== undefined && !schema.enum.includes(value)) return [`${at}: ${value}`];
      return schema.format === 'date-time' && new Date(value).toISOString() !== value
        ? [`${at}: no time`]
        : [];
    case 'integer':
      return Number.isSafeInteger(value) ? [] : [`${at}: no whole number`];
    case 'boolean':
      return typeof value === 'boolean' ? [] : [`${at}: neither true nor false`];
    case 'array':
      if (!Array.isArray(value)) return [`${at}: no list`];
      return value.flatMap((item, position) => misfits(schema.items, item, `${at}[${position}]`));
    case 'object': {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${at}: no object`];
      const missing = schema.required.filter((name) => !Object.hasOwn(value, name));
      const members = Object.entries(value).flatMap(([name, member]) => {
        const inner = schema.properties[name];
        return inner === undefined ? [`${at}.${name}: unknown`] : misfits(inner, member, `${at}.${name}`);
      });
      return [...missing.map((name) => `${at}.${name}: missing`), ...members];
    }
  }
}
