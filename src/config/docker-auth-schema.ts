import {
  type AccessSettings,
  accessFields,
  type BackendSettings,
  hasRules,
  identityFields,
} from './auth-backends-schema.ts';
import { token } from './auth-schema.ts';
import { checkWithoutData, noteHiddenSections } from './auth-sections.ts';
import type { ServerSettings, TokenKeySettings } from './auth-settings.ts';
import type { DebugSettings } from './debug-settings.ts';
import type { Decoding } from './decoding.ts';
import { type AuditSettings, guardFields, type ThrottleConfig } from './guard-schema.ts';
import type { ConfigNode } from './node.ts';
import { debug } from './registry-debug-schema.ts';
import { optional, sub, type Type } from './schema.ts';
import { server } from './server-schema.ts';
import { checkServices, type ServiceSettings, services } from './services-schema.ts';
import { nonEmptyText } from './types-scalar.ts';
import { alsoChecking, placeOfKey, refine, section } from './types-section.ts';

/** A docker_auth file, checked. */
export type AuthConfig = BackendSettings & {
  /** As written, relative to the working directory; undefined: nothing is kept between starts. */
  readonly data: string | undefined;
  readonly server: ServerSettings;
  /** Undefined: no debug server. */
  readonly debug: DebugSettings | undefined;
  /** Undefined: nobody is held up. */
  readonly throttle: ThrottleConfig | undefined;
  readonly audit: AuditSettings;
  /** By name; undefined: tokens are made for whatever registry asks, as by docker_auth. */
  readonly services: ReadonlyMap<string, ServiceSettings> | undefined;
  readonly token: TokenKeySettings & {
    readonly issuer: string;
    readonly expirationSeconds: number;
    readonly expirationSecondsByAction: ReadonlyMap<string, number> | undefined;
    /** What signs: the token's own pair, or else the server's; undefined: keys that Berth makes and keeps in `data`. */
    readonly pair: { readonly certificate: string; readonly key: string } | undefined;
  };
};

/** The whole docker_auth file. */
export const authSchema: Type<AuthConfig> = refine(
  alsoChecking(
    section({
      server: sub(server, 'Where the token service listens.'),
      token: sub(token, 'What tokens say and how they are signed.'),
      data: optional(
        nonEmptyText,
        "Berth's own: folder for what is kept between starts: accounts made with `berth user`, logins. Made where there is none; without it nothing is kept.",
      ),
      services: optional(
        services,
        "Berth's own: the registries that tokens are made for, by the name that each has as `service`; others are refused. Without it any is served.",
      ),
      debug: sub(debug, "Berth's own: the debug server, with metrics."),
      ...identityFields,
      ...accessFields,
      ...guardFields,
    }),
    (node, at) => {
      checkWithoutData(node, at);
      checkServices(node, at);
      noteHiddenSections(node, at);
    },
  ),
  (value, at, node): AuthConfig | undefined => {
    const { server: listener, token: signing, services: named, debug: debugging, ...others } = value;
    const { data, throttle, audit, ...backends } = others;
    const each = named && [...named.values()];
    checkRealAddress(listener, [backends, ...(each ?? []).flatMap(({ rules }) => rules ?? [])], at, node);
    const pair = signingPair(signing, listener);
    if (pair === undefined && data === undefined && each?.every((one) => one.pair) !== true) {
      at.report(
        'nothing to sign tokens with; write certificate and key under "token" or under "server", or data: FOLDER for keys of its own',
        placeOfKey(node, 'token', at),
      );
      return undefined;
    }
    return {
      ...backends,
      data,
      debug: debugging.settings,
      throttle: throttle.settings,
      audit,
      server: listener,
      services: named,
      token: {
        issuer: signing.issuer,
        expirationSeconds: signing.expiration,
        expirationSecondsByAction: signing.expiration_by_action,
        ...tokenKeysOf(signing, listener),
        pair,
      },
    };
  },
);

/** Files of a certificate and its key, as written. */
export interface SigningPair {
  readonly certificate: string;
  readonly key: string;
}

type TokenSection = NonNullable<ReturnType<typeof token.decode>>;

/** What signs: the token's own pair, or else the server's; undefined: keys that Berth makes. */
export function signingPair(
  signing: TokenSection,
  listener: ServerSettings | undefined,
): SigningPair | undefined {
  const certificate = signing.certificate ?? listener?.pair?.certificate;
  const key = signing.key ?? listener?.pair?.key;
  return certificate === undefined || key === undefined ? undefined : { certificate, key };
}

/** The section `token`, as far as it is about keys. */
export function tokenKeysOf(signing: TokenSection, listener: ServerSettings | undefined): TokenKeySettings {
  return {
    certificate: signing.certificate ?? listener?.pair?.certificate,
    key: signing.key ?? listener?.pair?.key,
    disableLegacyKeyId: signing.disable_legacy_key_id,
    x5c: signing.x5c,
    refresh: signing.refresh,
    rotation: signing.rotation,
  };
}

/**
 * docker_auth believes the header from whoever sends it, and takes the entry furthest to the left, so that a client
 * chooses the address that rules see.
 */
function checkRealAddress(
  { realAddress }: ServerSettings,
  rules: readonly AccessSettings[],
  at: Decoding,
  node: ConfigNode,
): void {
  if (realAddress === undefined || realAddress.isFromNamedProxies) return;
  const server = node.kind === 'map' ? node.entries.get('server')?.value : undefined;
  const place = server === undefined ? at.place : placeOfKey(server, 'real_ip_header', at);
  const advice =
    'write trusted_proxies: [...] beside it, with the addresses or networks of your proxies, such as 10.0.0.0/8';
  if (rules.some(dependsOnAddress)) {
    at.report(
      `"server.real_ip_header": rules depend on the address of the client, and whoever reaches this port could choose it; ${advice}`,
      place,
    );
  } else {
    at.notice(`"server.real_ip_header" is believed from this machine only; ${advice}`, place);
  }
}

/** Rules that stand elsewhere may ask for the address, too. */
function dependsOnAddress({ acl, ...others }: AccessSettings): boolean {
  const isElsewhere = hasRules({ ...others, acl: undefined });
  return isElsewhere || acl?.some(({ match }) => match.ip !== undefined) === true;
}
