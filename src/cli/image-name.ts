import { type Digest, parseDigest } from '../oci/digest.ts';
import { InvalidValueError } from '../oci/invalid.ts';
import { parseRepositoryName, parseTag, type RepositoryName, type Tag } from '../oci/reference.ts';
import { Failure } from './failure.ts';

/** What a command line names. */
export interface ImageName {
  readonly repository: RepositoryName;
  readonly wanted: { readonly tag: Tag } | { readonly digest: Digest } | undefined;
}

/**
 * Reads `repository`, `repository:tag` or `repository@digest`, without the registry's address.
 * @throws Failure
 */
export function parseImageName(text: string): ImageName {
  try {
    const at = text.indexOf('@');
    if (at !== -1) {
      const digest = parseDigest(text.slice(at + 1));
      return { repository: parseRepositoryName(text.slice(0, at)), wanted: { digest } };
    }
    const colon = text.lastIndexOf(':');
    if (colon === -1) return { repository: parseRepositoryName(text), wanted: undefined };
    const tag = parseTag(text.slice(colon + 1));
    return { repository: parseRepositoryName(text.slice(0, colon)), wanted: { tag } };
  } catch (error) {
    if (!(error instanceof InvalidValueError)) throw error;
    throw new Failure(
      `${JSON.stringify(text)} names nothing: ${error.message}; write team/app, team/app:1.0 or team/app@sha256:…, without the address of the registry`,
      { cause: error },
    );
  }
}
