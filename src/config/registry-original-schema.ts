import { type Field, noEffect, onlyIn, optional, type Type, unsupported } from './schema.ts';
import { anything, bool, secretText, text } from './types-scalar.ts';
import { list, map, refine, section } from './types-section.ts';

/**
 * Sections of registry:2 and registry:3 that Berth does not have, key by key: the environment rule must know Go's field
 * names, and `berth check-config` names each key that somebody set.
 */

const inside = optional(anything, 'See the section.');

function fields(names: string): Record<string, Field<undefined>> {
  return Object.fromEntries(names.split(' ').map((name) => [name, inside]));
}

/** `middleware`: the original uses one in spite of `disabled: true`, so that such a line, too, is said. */
export const middleware: Field<undefined> = noEffect(
  map(
    list(
      refine(
        section({
          name: optional(text, 'Which one.'),
          disabled: optional(bool, 'Leave it out.'),
          options: inside,
        }),
        (value, at) => {
          if (value.disabled !== true)
            at.refuse(`${at.name} is not supported: Berth sends every byte itself; remove it`);
          return value;
        },
      ),
    ),
  ),
  'every middleware is disabled, which registry:2 and registry:3 do not heed',
);

/** `reporting` */
export const reporting: Field<undefined> = onlyIn(
  2,
  unsupported(
    section({
      bugsnag: optional(section(fields('apikey releasestage endpoint')), 'See the section.'),
      newrelic: optional(section(fields('licensekey name verbose')), 'See the section.'),
    }),
    'send errors from what collects the log',
  ),
);

const word = optional(text, 'See the section.');
const words = optional(list(text), 'See the section.');

function parameters(names: string): Record<string, Field<string | undefined>> {
  return Object.fromEntries(names.split(' ').map((name) => [name, word]));
}

/** `redis` */
export const redis: Field<undefined> = noEffect(
  section({
    ...parameters(
      'clientname db protocol username sentinelusername maxretries minretrybackoff maxretrybackoff dialtimeout ' +
        'readtimeout writetimeout contexttimeoutenabled poolfifo poolsize pooltimeout minidleconns maxidleconns ' +
        'maxactiveconns connmaxidletime connmaxlifetime maxredirects readonly routebylatency routerandomly mastername ' +
        'disableidentity identitysuffix unstableresp3',
    ),
    addr: onlyIn(2, word),
    addrs: onlyIn(3, words),
    password: optional(secretText, 'See the section.'),
    sentinelpassword: optional(secretText, 'See the section.'),
    pool: onlyIn(2, optional(section(parameters('maxidle maxactive idletimeout')), 'See the section.')),
    tls: onlyIn(
      3,
      optional(section({ ...parameters('certificate key'), rootcas: words }), 'See the section.'),
    ),
  }),
  'the index does what Redis is for in the original',
);

/** `proxy` */
export const proxy: Field<undefined> = unsupported(
  section({
    ...fields('remoteurl username password ttl cachewritetimeout'),
    exec: optional(section(fields('command lifetime')), 'See the section.'),
  }),
  'this version of Berth is no pull-through cache; keep registry:2 for that one, or remove the section',
);

/** `compatibility` */
export const compatibility: Type<unknown> = section({
  schema1: optional(
    section({
      signingkeyfile: noEffect(text, 'no schema 1 manifest is made', { goName: 'TRUSTKEY' }),
      enabled: unsupported(
        bool,
        'Docker schema 1 is not served; pull such an image from the old registry and push it, which makes it schema 2',
      ),
    }),
    'Docker schema 1.',
  ),
});

/** `policy` */
export const policy: Field<undefined> = unsupported(
  section({
    repository: optional(section({ classes: inside }), 'See the section.'),
  }),
  'kinds of images cannot be forbidden; rules of auth.builtin decide who may push',
);
