import { sub, type Type, withDefault } from './schema.ts';
import { duration } from './types-scalar.ts';
import { refine, section } from './types-section.ts';

const DAY_MS = 86_400_000;

/** How long logins are kept that clients hold as a refresh token. */
export interface RefreshSettings {
  /** After the last use. */
  readonly unusedMs: number;
  /** From the login on, where the source of accounts cannot be asked again; 0: none are given out. */
  readonly uncheckedMs: number;
}

const refresh: Type<RefreshSettings> = refine(
  section({
    expiration: withDefault(
      duration,
      "Berth's own: how long a login lasts that is not used; 0 gives out no refresh tokens.",
      90 * DAY_MS,
      '2160h',
    ),
    unchecked_expiration: withDefault(
      duration,
      "Berth's own: how long a login lasts, used or not, to an account that cannot be looked up without its password; 0 gives out no refresh tokens to such accounts.",
      DAY_MS,
      '24h',
    ),
  }),
  (value) => ({ unusedMs: value.expiration, uncheckedMs: value.unchecked_expiration }),
);

/** Keys of `token` that only Berth has, in both dialects. */
export const berthTokenFields = {
  refresh: sub(refresh, 'Logins that clients keep as a refresh token in place of the password.'),
};
