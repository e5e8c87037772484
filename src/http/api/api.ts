import { AccountProblem } from '../../auth/accounts/problem.ts';
import { RegistryError } from '../../errors.ts';
import type { Audit, AuditEntry, Clock } from '../../ports.ts';
import type { Exchange } from '../exchange.ts';
import { HttpError } from '../http-error.ts';
import { auditOriginOf, type HttpRequest, json, type Reply } from '../message.ts';
import { type EventOptions, originOf } from '../v2/events.ts';
import type { AdminAccess } from './access.ts';
import type { Administration } from './context.ts';
import { openApi } from './openapi.ts';
import type { ApiRoute } from './route.ts';
import { API_ROUTES } from './routes.ts';

const PREFIX = '/api/v1/';
const DOCUMENT = 'openapi.json';

/** What the admin API is made of. */
export interface ApiOptions {
  readonly administration: Administration;
  readonly access: AdminAccess;
  /** Who is told of changes; undefined: nobody. */
  readonly audit?: Audit | undefined;
  readonly clock: Clock;
  /** Refuses everything that would change the registry. */
  readonly isReadOnly: boolean;
  /** Where others are told of what happens; undefined where nobody wants to hear. */
  readonly events?: EventOptions | undefined;
  /** Of the program. */
  readonly version: string;
}

/** Whether a path, without the prefix, belongs to the admin API. */
export function isApi(path: string): boolean {
  return path.startsWith(PREFIX);
}

/**
 * Answers a request below `/api/v1/`: route, then access, then the handler. Throws what is refused.
 * @throws RegistryError, InvalidValueError, HttpError
 */
export async function handleApi(
  options: ApiOptions,
  request: HttpRequest,
  exchange: Exchange,
): Promise<Reply> {
  const { access, isReadOnly, version, administration } = options;
  const path = request.path.slice(PREFIX.length);
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  // What the API can do is in the documentation: no secret.
  const isDocument = path === DOCUMENT;
  const routes = API_ROUTES.filter((route) => route.path === path);
  if (routes.length === 0 && !isDocument) throw new RegistryError('NOT_FOUND');
  exchange.enter('api');
  const route = routes.find((one) => one.method === method);
  if (isDocument && method === 'GET') return json(200, openApi(version));
  if (route === undefined) {
    const allow = isDocument ? 'GET' : routes.map((one) => one.method).join(', ');
    throw new HttpError('UNSUPPORTED', { Allow: allow }, { message: `there is only ${allow} here` });
  }
  const isChange = method !== 'GET';
  const note = (outcome: AuditEntry['outcome'], who: string, reason?: string): void => {
    if (!isChange) return;
    options.audit?.record({ ...noteOf(request, outcome, who, reason), atMs: options.clock.now() });
  };
  const account = await (route.access === 'self' ? access.self(request) : access.check(request)).catch(
    (error: unknown) => {
      note('denied', '', error instanceof HttpError ? error.message : 'see the log');
      throw error;
    },
  );
  exchange.account = account;
  if (isReadOnly && method !== 'GET') {
    throw new RegistryError('UNSUPPORTED', { message: 'the registry is read-only for maintenance' });
  }
  const unknown = request.query.keys().find((name) => !route.parameters.some((one) => one.name === name));
  if (unknown !== undefined) throw unknownParameter(unknown, route);
  const { events } = options;
  const handle = (): Promise<Reply> => orRefuse(() => route.handle({ ...administration, request, account }));
  const reply = await (events === undefined
    ? handle()
    : events.events.attribute(originOf(request, account, events.baseOf(request)), handle)
  ).catch((error: unknown) => {
    note('failed', account, error instanceof RegistryError ? error.message : 'see the log');
    throw error;
  });
  note('granted', account);
  return { ...reply, headers: { 'Cache-Control': 'no-store', ...reply.headers } };
}

/** What cannot be done to an account is the client's affair. */
async function orRefuse(handle: () => Promise<Reply>): Promise<Reply> {
  try {
    return await handle();
  } catch (error) {
    if (!(error instanceof AccountProblem)) throw error;
    throw new RegistryError(REFUSALS[error.kind], { message: error.message, cause: error });
  }
}

const REFUSALS = {
  invalid: 'REQUEST_INVALID',
  unknown: 'ACCOUNT_UNKNOWN',
  exists: 'ACCOUNT_CONFLICT',
  'last-admin': 'ACCOUNT_CONFLICT',
} as const;

function noteOf(
  request: HttpRequest,
  outcome: AuditEntry['outcome'],
  account: string,
  reason: string | undefined,
): Omit<AuditEntry, 'atMs'> {
  return {
    ...{ kind: 'admin', outcome, account, address: request.remoteAddress },
    ...auditOriginOf(request),
    // The query may hold what is nobody's business.
    action: `${request.method} ${request.path}`,
    ...(reason !== undefined && { reason }),
  };
}

/** A filter with a slip of the pen would show everything. */
function unknownParameter(name: string, { parameters }: ApiRoute): RegistryError {
  const known = parameters.map((one) => one.name).join(', ');
  return new RegistryError('REQUEST_INVALID', {
    message: `there is no query parameter ${JSON.stringify(name.slice(0, 50))} here; there is ${known || 'none'}`,
  });
}
