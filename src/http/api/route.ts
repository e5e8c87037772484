import type { Reply } from '../message.ts';
import type { ApiContext } from './context.ts';
import type * as schema from './schema.ts';

/** A query parameter. */
export interface Parameter {
  readonly name: string;
  readonly description: string;
  readonly isRequired?: boolean;
  readonly isNumber?: boolean;
}

/** A row of the table of the admin API's routes. */
export interface ApiRoute {
  readonly method: 'GET' | 'POST';
  /** Below `/api/v1/`. */
  readonly path: string;
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  readonly body?: schema.Schema;
  /** By status. */
  readonly answers: Readonly<
    Record<number, { readonly description: string; readonly schema: schema.Schema }>
  >;
  /** Who may use it: an administrator where undefined; `self` is whoever has an account, with its password. */
  readonly access?: 'self';
  /** Codes of refusals beside those that all routes have. */
  readonly refusals: readonly string[];
  readonly handle: (context: ApiContext) => Promise<Reply>;
}
