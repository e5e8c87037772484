import { type Field, noEffect, optional, type Type, unsupported } from './schema.ts';
import { anything } from './types-scalar.ts';
import { list, map, section } from './types-section.ts';

/**
 * Sections of registry 2.8 and 3.1 that Berth does not have yet. Their keys are listed because the
 * environment rule must know Go's field names: `REGISTRY_PROXY_REMOTEURL` is an error here, while
 * `REGISTRY_PROXY_PORT` (which Kubernetes sets) is ignored, as it is by the original.
 */

/** What a key inside such a section says; the section itself says the rest. */
const inside = optional(anything, 'See the section.');

function names(...keys: readonly string[]): Record<string, Field<undefined>> {
  return Object.fromEntries(keys.map((key) => [key, inside]));
}

function sectionOf(...keys: readonly string[]): Type<unknown> {
  return section(names(...keys));
}

const NO_REDIS = 'the index does what Redis is for in the original';
const REDIS_KEYS = (
  'addr addrs clientname db protocol username password sentinelusername sentinelpassword maxretries ' +
  'minretrybackoff maxretrybackoff dialtimeout readtimeout writetimeout contexttimeoutenabled poolfifo poolsize ' +
  'pooltimeout minidleconns maxidleconns maxactiveconns connmaxidletime connmaxlifetime maxredirects readonly ' +
  'routebylatency routerandomly mastername disableidentity identitysuffix unstableresp3 pool tls'
).split(' ');
const CHECK = 'let what watches /readyz make this check';
const NOT_YET = 'this version of Berth does not have it; remove the section';

const top = {
  middleware: unsupported(map(list(anything)), NOT_YET),
  reporting: unsupported(sectionOf('bugsnag', 'newrelic'), 'send errors from what collects the log'),
  notifications: unsupported(
    section({ events: { ...inside, goName: 'EVENTCONFIG' }, ...names('endpoints') }),
    NOT_YET,
  ),
  redis: noEffect(sectionOf(...REDIS_KEYS), NO_REDIS),
  proxy: unsupported(
    sectionOf('remoteurl', 'username', 'password', 'exec', 'ttl', 'cachewritetimeout'),
    NOT_YET,
  ),
  compatibility: unsupported(
    sectionOf('schema1'),
    'Docker schema 1 is not served; docker pull and push of the image makes it schema 2',
  ),
  policy: unsupported(sectionOf('repository'), NOT_YET),
};

const healthChecks = {
  file: unsupported(list(anything), CHECK, { goName: 'FILECHECKERS' }),
  http: unsupported(list(anything), CHECK, { goName: 'HTTPCHECKERS' }),
  tcp: unsupported(list(anything), CHECK, { goName: 'TCPCHECKERS' }),
};

/** The fields of `config.yml` and of its `health` section that Berth does not have. */
export const unsupportedSections: { readonly top: typeof top; readonly healthChecks: typeof healthChecks } = {
  top,
  healthChecks,
};
