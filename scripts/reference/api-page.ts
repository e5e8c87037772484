import { openApi } from '../../src/http/api/openapi.ts';
import { page, table } from './markdown.ts';

interface Named {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly items?: Named;
  readonly properties?: Readonly<Record<string, Named>>;
  readonly required?: readonly string[];
}

interface Operation {
  readonly summary: string;
  readonly parameters: readonly { name: string; description: string; required: boolean }[];
  readonly requestBody?: { content: { 'application/json': { schema: Named } } };
  readonly responses: Readonly<
    Record<string, { description: string; content: { 'application/json': { schema: Named } } }>
  >;
}

function typeOf(schema: Named): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(', ');
  if (schema.type === 'array') return `list of ${typeOf(schema.items ?? {})}`;
  if (schema.format === 'date-time') return 'date and time';
  return schema.type === 'integer'
    ? 'whole number'
    : schema.type === 'boolean'
      ? 'true or false'
      : (schema.type ?? '');
}

/** A row for each member, those of members too. */
function rows(schema: Named, prefix = ''): string[][] {
  const inner = schema.type === 'array' ? (schema.items ?? {}) : schema;
  return Object.entries(inner.properties ?? {}).flatMap(([name, member]) => {
    const isNeeded = inner.required?.includes(name) === true;
    const path = `${prefix}${name}`;
    const nested = rows(member, `${path}${member.type === 'array' ? '[]' : ''}.`);
    return [[`\`${path}\``, typeOf(member), isNeeded ? 'yes' : '', member.description ?? ''], ...nested];
  });
}

function section(path: string, method: string, operation: Operation): string {
  const { summary, parameters, requestBody, responses } = operation;
  const parts = [`## ${method.toUpperCase()} ${path}`, summary];
  if (parameters.length > 0) {
    parts.push(
      table(
        ['query parameter', 'needed', 'meaning'],
        parameters.map(({ name, required, description }) => [
          `\`${name}\``,
          required ? 'yes' : '',
          description,
        ]),
      ),
    );
  }
  if (requestBody !== undefined) {
    const { schema } = requestBody.content['application/json'];
    parts.push('Body:', table(['field', 'type', 'needed', 'meaning'], rows(schema)));
  }
  for (const [status, { description, content }] of Object.entries(responses)) {
    parts.push(`**${status}**: ${description}`);
    const fields = rows(content['application/json'].schema);
    if (fields.length > 0) parts.push(table(['field', 'type', 'always', 'meaning'], fields));
  }
  return parts.join('\n\n');
}

const INTRODUCTION = [
  'The same as an OpenAPI document is at `/api/v1/openapi.json` of a running registry. Refusals have the body of the',
  'registry API: `{"errors": [{"code", "message", "detail"}]}`. A body has to come with `Content-Type: application/json`,',
  'which no page of another site can send. Who may use it stands in [Access](../explanation/access.md#the-admin-api).',
].join(' ');

/** The reference page of the admin API. */
export function apiPage(): string {
  const { paths } = openApi('');
  const sections = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => section(path, method, operation as Operation)),
  );
  return page('Admin API', INTRODUCTION, sections.join('\n\n'));
}
