import type { RepositoryName } from '../../oci/reference.ts';
import type { Registry } from '../../registry/registry.ts';
import type { HttpRequest } from '../message.ts';
import type { Caller } from './access.ts';

/** What a handler of the registry API works with. */
export interface V2Context {
  readonly request: HttpRequest;
  readonly registry: Registry;
  readonly caller: Caller;
  readonly limits: V2Limits;
  /** Turns a path of this server into what Location and Link carry. */
  readonly urlOf: (path: string) => string;
}

/** A handler whose route names a repository. */
export interface RepositoryContext extends V2Context {
  readonly repository: RepositoryName;
  /** The last part of the path: a digest, a reference or an upload's id; empty where the route has none. */
  readonly target: string;
}

/** Page sizes. */
export interface V2Limits {
  /** Larger `n` are refused for the catalog, as distribution does. */
  readonly maxCatalogEntries: number;
  /** Larger `n` are cut for tag lists, as distribution does. */
  readonly maxTags: number;
}
