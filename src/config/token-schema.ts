import { sub, type Type, withDefault } from './schema.ts';
import { duration } from './types-scalar.ts';
import { placeOfKey, refine, section } from './types-section.ts';

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

/** When the keys that Berth makes itself follow each other. */
export interface RotationSettings {
  /** 0: never on their own. */
  readonly everyMs: number;
  readonly overlapMs: number;
}

const LEAST_OVERLAP_MS = 600_000;

const rotation: Type<RotationSettings> = refine(
  section({
    every: withDefault(
      duration,
      "Berth's own: how long a key signs before another follows, such as 2160h; 0 leaves that to `berth keys rotate`. Certificates that are configured are not touched.",
      0,
      '0',
    ),
    overlap: withDefault(
      duration,
      "Berth's own: so long before it signs a key is published, and so long after it signs no more it is accepted.",
      DAY_MS,
      '24h',
    ),
  }),
  (value, at, node): RotationSettings | undefined => {
    const { every: everyMs, overlap: overlapMs } = value;
    if (overlapMs < LEAST_OVERLAP_MS) {
      at.report(
        `${at.name}: "overlap" must be 10m at least: others read the keys every few minutes`,
        placeOfKey(node, 'overlap', at),
      );
    }
    if (everyMs > 0 && everyMs < 2 * overlapMs) {
      at.report(
        `${at.name}: "every" must be twice "overlap" at least; write a longer time, or a shorter overlap`,
        placeOfKey(node, 'every', at),
      );
    }
    return { everyMs, overlapMs };
  },
);

/** Keys of `token` that only Berth has, in both dialects. */
export const berthTokenFields = {
  rotation: sub(rotation, 'When the keys that Berth makes itself follow each other.'),
  refresh: sub(refresh, 'Logins that clients keep as a refresh token in place of the password.'),
};
