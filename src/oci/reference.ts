import { type Digest, isDigest } from './digest.ts';
import { InvalidValueError, quoted } from './invalid.ts';

/** A repository name such as `team/app` that follows the distribution specification's grammar. */
export type RepositoryName = string & { readonly __repository: true };

/** A tag such as `v1.2` that follows the distribution specification's grammar. */
export type Tag = string & { readonly __tag: true };

/** What names a manifest in a path: a tag, or the digest of its bytes. */
export type Reference =
  | { readonly kind: 'tag'; readonly tag: Tag }
  | { readonly kind: 'digest'; readonly digest: Digest };

// distribution refuses names over 255 characters, the client's host name included, and so do its clients.
const MAX_NAME_CHARACTERS = 255;
const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const NAME = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

/**
 * Reads a repository name (distribution-spec, "Pulling manifests").
 * @throws InvalidValueError kind `repository`
 */
export function parseRepositoryName(text: string): RepositoryName {
  if (text.length > MAX_NAME_CHARACTERS) {
    throw new InvalidValueError(
      'repository',
      `the repository name has ${text.length} characters; ${MAX_NAME_CHARACTERS} are allowed`,
    );
  }
  if (!NAME.test(text)) {
    throw new InvalidValueError(
      'repository',
      `${quoted(text)} is not a repository name: its parts, between slashes, are lower-case letters and digits, joined by one ".", "_", "__" or any number of "-"`,
    );
  }
  return text as RepositoryName;
}

/** @throws InvalidValueError kind `tag` */
export function parseTag(text: string): Tag {
  if (TAG.test(text)) return text as Tag;
  throw new InvalidValueError(
    'tag',
    `${quoted(text)} is not a tag: at most 128 letters, digits, "_", "." and "-", not beginning with "." or "-"`,
  );
}

/**
 * Reads the last part of a manifest path. A text with a colon can only be meant as a digest.
 * @throws InvalidValueError kind `tag` or `digest`
 */
export function parseReference(text: string): Reference {
  if (isDigest(text)) return { kind: 'digest', digest: text };
  if (text.includes(':')) {
    throw new InvalidValueError(
      'digest',
      `${quoted(text)} is not a digest: write sha256: and 64, or sha512: and 128, lower-case hexadecimal digits`,
    );
  }
  return { kind: 'tag', tag: parseTag(text) };
}
