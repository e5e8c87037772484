import { ERRORS, type ErrorName } from '../../errors.ts';
import type { ApiRoute } from './route.ts';
import { API_ROUTES } from './routes.ts';

const EVERYWHERE: readonly ErrorName[] = ['REQUEST_INVALID', 'UNAUTHORIZED', 'INSUFFICIENT_SCOPE'];

const ERROR_BODY = {
  type: 'object',
  properties: {
    errors: {
      type: 'array',
      items: {
        type: 'object',
        properties: { code: { type: 'string' }, message: { type: 'string' }, detail: {} },
        required: ['code', 'message'],
      },
    },
  },
  required: ['errors'],
};

function refusalsOf(route: ApiRoute) {
  const byStatus = new Map<number, string[]>();
  for (const name of [...EVERYWHERE, ...route.refusals]) {
    const { status, code, description } = ERRORS[name as ErrorName];
    byStatus.set(status, [...(byStatus.get(status) ?? []), `${code}: ${description}`]);
  }
  return [...byStatus].map(([status, descriptions]) => [
    String(status),
    {
      description: descriptions.join(' '),
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Errors' } } },
    },
  ]);
}

function operation(route: ApiRoute) {
  const { summary, parameters, body, answers } = route;
  return {
    summary,
    operationId: `${route.method.toLowerCase()}-${route.path.replaceAll('/', '-')}`,
    parameters: parameters.map(({ name, description, isRequired = false, isNumber = false }) => ({
      ...{ name, in: 'query', description, required: isRequired },
      schema: { type: isNumber ? 'integer' : 'string' },
    })),
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: Object.fromEntries([
      ...Object.entries(answers).map(([status, { description, schema }]) => [
        status,
        { description, content: { 'application/json': { schema } } },
      ]),
      ...refusalsOf(route),
    ]),
  };
}

/** The OpenAPI document of the admin API (OpenAPI 3.1), made from the table of routes. */
export function openApi(version: string) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of API_ROUTES) {
    const path = `/api/v1/${route.path}`;
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Berth, admin API', version },
    security: [{ token: [] }, { password: [] }],
    paths,
    components: {
      schemas: { Errors: ERROR_BODY },
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'A token that grants registry:admin:*.',
        },
        password: {
          type: 'http',
          scheme: 'basic',
          description: 'Name and password of an administrator, where the registry has its own accounts.',
        },
      },
    },
  };
}
