import { RegistryError } from '../../errors.ts';
import type { ListQuery } from '../../registry/listing.ts';

/**
 * How many entries a client asks for.
 * @throws RegistryError PAGINATION_NUMBER_INVALID
 */
export function limitOf(query: URLSearchParams, defaultLimit: number): number {
  const n = query.get('n');
  if (n !== null && !/^\d{1,9}$/.test(n)) {
    throw new RegistryError('PAGINATION_NUMBER_INVALID', {
      message: 'the query parameter "n" must be a whole number, 0 or more',
      detail: { n: n.slice(0, 50) },
    });
  }
  return n === null ? defaultLimit : Number(n);
}

/** @throws RegistryError PAGINATION_NUMBER_INVALID */
export function listQuery(query: URLSearchParams, defaultLimit: number): ListQuery {
  return { limit: limitOf(query, defaultLimit), after: query.get('last') ?? undefined };
}

/** The header that leads to the next page (RFC 8288). */
export function linkTo(url: string): Record<string, string> {
  return { Link: `<${url}>; rel="next"` };
}
