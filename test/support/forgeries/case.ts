import { head } from '../raw-http.ts';
import { type Forge, REPOSITORY } from './forge.ts';

/** One attempt to get in, and what becomes of it. */
export interface Forgery {
  readonly title: string;
  /** Requests as they stand on the wire, each of which has to fare as the row says. */
  readonly requests: (forge: Forge) => readonly string[];
  /** Why it is let in all the same; without it, each request is refused. */
  readonly accepted?: string;
  /** How registry:2 differs, and why. */
  readonly real?: {
    readonly accepts: boolean;
    readonly why: string;
    /** It ends the connection in place of an answer. */
    readonly closes?: boolean;
  };
  /** It takes a key of this kind. */
  readonly only?: 'EC' | 'RSA';
  /** How it is refused, where that is neither 400, 401 nor 403. */
  readonly status?: number;
}

/** A request that takes pull and push, with these headers. */
export function attempt(...headers: readonly string[]): string {
  return head(`POST /v2/${REPOSITORY}/blobs/uploads/`, 'Content-Length: 0', ...headers);
}

export const bearer = (token: string): string => `Authorization: Bearer ${token}`;

/** A row about tokens, each of which comes as the protocol has it. */
export function withToken(
  title: string,
  tokens: (forge: Forge) => string | readonly string[],
  more: Omit<Forgery, 'title' | 'requests'> = {},
): Forgery {
  return {
    title,
    requests: (forge) => [tokens(forge)].flat().map((token) => attempt(bearer(token))),
    ...more,
  };
}

/** A row about what stands in a request. */
export function withRequest(
  title: string,
  requests: (forge: Forge, token: string) => string | readonly string[],
  more: Omit<Forgery, 'title' | 'requests'> = {},
): Forgery {
  return { title, requests: (forge) => [requests(forge, forge.parts().join('.'))].flat(), ...more };
}
