import { RegistryError } from '../../errors.ts';
import { parseDigest } from '../../oci/digest.ts';
import { parseRepositoryName } from '../../oci/reference.ts';
import type { Access } from '../../oci/scope.ts';
import type { Preparation } from '../../registry/preparation.ts';
import type { Registry } from '../../registry/registry.ts';
import type { Exchange } from '../exchange.ts';
import { HttpError } from '../http-error.ts';
import type { HttpRequest, Reply } from '../message.ts';
import { type AccessControl, type Caller, type GoesOn, pullableBy } from './access.ts';
import type { V2Limits } from './context.ts';
import { type EventOptions, telling } from './events.ts';
import { matchRoute, type RouteMatch } from './routes.ts';

/** What the registry API is made of. */
export interface V2Options {
  readonly registry: Registry;
  readonly access: AccessControl;
  readonly limits: V2Limits;
  /** Refuses everything that would change the registry. */
  readonly isReadOnly: boolean;
  /** Turns a path into what Location and Link carry for this client. */
  readonly urlOf: (request: HttpRequest, path: string) => string;
  /** What is to be known before a request is carried out; undefined where everything is. */
  readonly preparation?: Preparation | undefined;
  /** Where others are told of what happens; undefined where nobody wants to hear. */
  readonly events?: EventOptions | undefined;
}

/** By this clients know a registry; it is on every answer of the API, refusals too. */
export const V2_HEADERS = { 'Docker-Distribution-Api-Version': 'registry/2.0' } as const;

/** Whether a path, without the prefix, belongs to the registry API. */
export function isV2(path: string): boolean {
  return path.startsWith('/v2/') || path === '/v2';
}

/**
 * Answers a request below `/v2/`: route, then access, then the handler. Throws what is refused.
 * @param exchange told the route and the account, once they are known
 * @throws RegistryError, InvalidValueError, HttpError
 */
export async function handleV2(options: V2Options, request: HttpRequest, exchange: Exchange): Promise<Reply> {
  const match = matchRoute(request.path === '/v2' ? { ...request, path: '/v2/' } : request);
  if (match === undefined) throw new RegistryError('NOT_FOUND');
  exchange.enter(match.name);
  const { action } = match;
  if (action === undefined) throw methodNotAllowed(request.method, match.methods);
  const caller = await options.access.check(request, action.required, goesOnWith(options.registry, match));
  exchange.account = caller.account;
  if (options.isReadOnly && request.method !== 'GET' && request.method !== 'HEAD') {
    throw new RegistryError('UNSUPPORTED', { message: 'the registry is read-only for maintenance' });
  }
  const { registry, limits } = options;
  await prepare(options.preparation, { route: match.name, required: action.required, request, caller });
  const handle = (): Promise<Reply> =>
    action.handle({
      request,
      registry,
      caller,
      limits,
      urlOf: (path) => options.urlOf(request, path),
    });
  return options.events === undefined
    ? handle()
    : telling(options.events, { request, match, caller }, handle);
}

/** A large layer may take longer than its token lives: what was begun with it may be ended with it. */
function goesOnWith(registry: Registry, { name, subject }: RouteMatch): GoesOn | undefined {
  if (name !== 'upload' || subject === undefined) return undefined;
  return (tokenDigest) => registry.uploads.wasBegunWith(subject.repository, subject.target, tokenDigest);
}

/** Lets the registry learn first what the request is about, where it is still taking over what was there before. */
async function prepare(
  preparation: Preparation | undefined,
  {
    route,
    required,
    request,
    caller,
  }: {
    readonly route: string;
    readonly required: readonly Access[];
    readonly request: HttpRequest;
    readonly caller: Caller;
  },
): Promise<void> {
  if (preparation === undefined) return;
  if (route === 'catalog') await preparation.names();
  for (const { type, name } of required) {
    if (type === 'repository') await preparation.repository(parseRepositoryName(name));
  }
  const mount = route === 'uploads' && !request.query.has('from') ? request.query.get('mount') : null;
  if (mount !== null) await preparation.holder(parseDigest(mount), pullableBy(caller));
}

/** 405, which has to name the methods that there are (RFC 9110, section 15.5.6). */
function methodNotAllowed(method: string, methods: readonly string[]): HttpError {
  const allow = methods.join(', ');
  return new HttpError(
    'UNSUPPORTED',
    { Allow: allow },
    { message: `${method} is not available here; there is ${allow}` },
  );
}
