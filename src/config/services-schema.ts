import { type AccessSettings, accessFields } from './auth-backends-schema.ts';
import { checkPair } from './auth-checks.ts';
import { EXPIRATION, expirationByAction, ISSUER, keyFields } from './auth-schema.ts';
import { noteHiddenSections } from './auth-sections.ts';
import type { Decoding } from './decoding.ts';
import { type ConfigNode, isNull } from './node.ts';
import { optional, type Type, withDefault } from './schema.ts';
import { bool, int, nonEmptyText } from './types-scalar.ts';
import { alsoChecking, isWritten, map, placeOfKey, refine, section } from './types-section.ts';

/** What is said of one registry; what is undefined is as for all. */
export interface ServiceSettings {
  readonly issuer: string | undefined;
  readonly expirationSeconds: number | undefined;
  readonly expirationSecondsByAction: ReadonlyMap<string, number> | undefined;
  /** PEM files with a pair of its own, as written. */
  readonly pair: { readonly certificate: string; readonly key: string } | undefined;
  /** Keys of its own that Berth makes and keeps. */
  readonly hasOwnKeys: boolean;
  readonly disableLegacyKeyId: boolean | undefined;
  readonly x5c: boolean | undefined;
  /** Its own rules, in the place of all others; undefined where none were written. */
  readonly rules: AccessSettings | undefined;
}

const service: Type<ServiceSettings> = refine(
  alsoChecking(
    section(
      {
        issuer: optional(nonEmptyText, `${ISSUER} \`token.issuer\` if not set.`),
        expiration: optional(
          int({ min: 1, unit: 'seconds' }),
          `${EXPIRATION} \`token.expiration\` if not set.`,
        ),
        expiration_by_action: expirationByAction,
        certificate: keyFields.certificate,
        key: keyFields.key,
        own_keys: withDefault(
          bool,
          'Sign with keys of its own that Berth makes and keeps in `data`, and that `berth keys --service` rotates.',
          false,
        ),
        disable_legacy_key_id: optional(bool, 'As in `token`, whose value holds if not set.'),
        x5c: optional(bool, 'As in `token`, whose value holds if not set.'),
        ...accessFields,
      },
      {
        refuseNull: (key) =>
          key in accessFields
            ? `"${key}" has no value; write ${key === 'acl' ? 'acl: [] to allow nothing, ' : 'what it shall be, '}or leave the key out to have the rules of all`
            : `"${key}" has no value; write one, or leave the key out to have that of all`,
      },
    ),
    noteHiddenSections,
  ),
  (value, at, node): ServiceSettings => {
    const { issuer, expiration, expiration_by_action: byAction, certificate, key, ...rest } = value;
    const { own_keys: hasOwnKeys, disable_legacy_key_id: disableLegacyKeyId, x5c, ...rules } = rest;
    checkPair(value, at, node);
    if (hasOwnKeys && certificate !== undefined) {
      at.report(
        `${at.name} has a certificate, and own_keys asks for keys that Berth makes; keep one of them`,
        placeOfKey(node, 'own_keys', at),
      );
    }
    return {
      issuer,
      expirationSeconds: expiration,
      expirationSecondsByAction: byAction,
      pair: certificate === undefined || key === undefined ? undefined : { certificate, key },
      hasOwnKeys,
      disableLegacyKeyId,
      x5c,
      rules: Object.values(rules).some((one) => one !== undefined) ? rules : undefined,
    };
  },
);

/** `services`: the registries that tokens are made for, by the name that each has as `service`; no others are served. */
export const services: Type<ReadonlyMap<string, ServiceSettings>> = refine(
  map(service, (name) => `service ${JSON.stringify(name)} has no value; write {} to have all as at the top`),
  (found, at, node) => {
    if (found.size === 0) {
      at.report('"services" names no registry, so that none could get a token; name one, or remove the key');
    }
    if (found.has('')) {
      at.report(
        'a service needs a name: what the registry has as auth.token.service',
        placeOfKey(node, '', at),
      );
    }
    return found;
  },
);

/**
 * An empty `services` is not one that was left out, which would serve whatever registry asks. Own keys need a place.
 */
export function checkServices(node: ConfigNode, at: Decoding): void {
  const entry = node.kind === 'map' ? node.entries.get('services') : undefined;
  if (entry !== undefined && isNull(entry.value)) {
    at.report(
      '"services" has no value; name the registries, or remove the key to serve any',
      placeOfKey(node, 'services', at),
    );
  }
  if (isWritten(node, 'data') || entry?.value.kind !== 'map') return;
  for (const [name, { keyPlace, value }] of entry.value.entries) {
    const own = value.kind === 'map' ? value.entries.get('own_keys')?.value : undefined;
    if (own?.kind !== 'scalar' || own.text !== 'true') continue;
    at.at('services', entry.keyPlace)
      .at(name, keyPlace)
      .report(`"services.${name}.own_keys" needs a place for the keys; write data: FOLDER at the top`);
  }
}
