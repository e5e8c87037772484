import { accessFields, type BackendSettings, identityFields } from './auth-backends-schema.ts';
import { checkPair } from './auth-checks.ts';
import { EXPIRATION, expirationByAction, ISSUER, keyFields } from './auth-schema.ts';
import { noteHiddenSections } from './auth-sections.ts';
import type { TokenKeySettings } from './auth-settings.ts';
import { optional, sub, type Type } from './schema.ts';
import { berthTokenFields } from './token-schema.ts';
import { int, nonEmptyText } from './types-scalar.ts';
import { alsoChecking, refine, section } from './types-section.ts';

/** How the registry's own tokens are made. */
export interface BuiltinTokenSettings extends TokenKeySettings {
  readonly issuer: string | undefined;
  readonly expirationSeconds: number | undefined;
  readonly expirationSecondsByAction: ReadonlyMap<string, number> | undefined;
}

/** `auth.builtin`: docker_auth's sections, each of which may be missing. */
export type BuiltinAuthSettings = BackendSettings & { readonly token: BuiltinTokenSettings };

const token: Type<BuiltinTokenSettings> = refine(
  section({
    issuer: optional(nonEmptyText, ISSUER),
    expiration: optional(int({ min: 1, unit: 'seconds' }), EXPIRATION),
    expiration_by_action: expirationByAction,
    ...keyFields,
    ...berthTokenFields,
  }),
  (value, at, node) => {
    checkPair(value, at, node);
    return {
      issuer: value.issuer,
      expirationSeconds: value.expiration,
      expirationSecondsByAction: value.expiration_by_action,
      certificate: value.certificate,
      key: value.key,
      disableLegacyKeyId: value.disable_legacy_key_id,
      x5c: value.x5c,
      refresh: value.refresh,
      rotation: value.rotation,
    };
  },
);

/** `auth.builtin` of the registry's dialect. */
export const builtin: Type<BuiltinAuthSettings> = alsoChecking(
  section(
    {
      ...identityFields,
      ...accessFields,
      users: { ...identityFields.users, description: 'Accounts, beside those made with `berth user`.' },
      acl: {
        ...accessFields.acl,
        description: 'Rules; without them admins may do everything, and users everything below their name.',
      },
      token: sub(token, 'How tokens are signed.'),
    },
    { go: 'map' },
  ),
  noteHiddenSections,
);
