import type { Tag } from './reference.ts';

/** Where tags that belong to a manifest by their name begin. */
const ATTACHED = /^(sha(?:256|512))-([a-f0-9]{64})(?:\.[a-zA-Z0-9._-]+)?$/;

/**
 * The beginning of the digest of the manifest to which a tag belongs by its name: `sha256-9f86…` of the referrers tag
 * schema (distribution-spec), and the same with an ending such as `.sig`, `.att` or `.sbom`, as cosign writes it. It is
 * the whole digest, save for sha512, of which only half fits into a tag.
 */
export function attachedDigestPrefix(tag: Tag | string): string | undefined {
  const [, algorithm, encoded] = ATTACHED.exec(tag) ?? [];
  return algorithm === undefined ? undefined : `${algorithm}:${encoded}`;
}
