import { RegistryError } from '../errors.ts';
import type { Reference } from '../oci/reference.ts';

/** The refusal of a conditional request that came too late. */
export function preconditionFailed(reference: Reference): RegistryError {
  const what =
    reference.kind === 'tag'
      ? `the tag ${JSON.stringify(reference.tag)}`
      : `the manifest ${reference.digest}`;
  return new RegistryError('PRECONDITION_FAILED', {
    message: `${what} is not what If-Match or If-None-Match asks for, and nothing was changed; get it again, then decide`,
    detail: reference.kind === 'tag' ? { tag: reference.tag } : { digest: reference.digest },
  });
}
