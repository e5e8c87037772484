import type { Digest } from './digest.ts';
import type { Tag } from './reference.ts';

// Of sha512 only the first half fits into the 64 characters that the specification leaves.
const REFERRERS_TAG = /^sha(?:256|512)-[a-f0-9]{64}$/;

/**
 * The tag under which clients without the referrers API list what refers to a digest (distribution-spec, "Referrers
 * Tag Schema"): `sha256-9f86…`.
 */
export function referrersTag(digest: Digest): Tag {
  const [algorithm = '', encoded = ''] = digest.split(':');
  return `${algorithm}-${encoded.slice(0, 64)}` as Tag;
}

/** Whether a tag has the form that `referrersTag` gives. */
export function isReferrersTag(tag: Tag): boolean {
  return REFERRERS_TAG.test(tag);
}
