import type { ImagePlan } from '../support/images.ts';
import type { Outcome } from '../support/run.ts';

/** How a push or a pull ended, and the manifest digest that the client reported. */
export interface Transfer {
  readonly outcome: Outcome;
  /** undefined when it failed */
  readonly digest: string | undefined;
}

/** One of the real clients, with a store and a login file of its own. */
export interface Client {
  readonly name: string;
  login(host: string, account: string, password: string): Promise<Outcome>;
  logout(host: string): Promise<Outcome>;
  /** Makes a local image of that name from a plan, on a local base whose layers the plan begins with. */
  build(
    ref: string,
    plan: ImagePlan,
    base?: { readonly ref: string; readonly plan: ImagePlan },
  ): Promise<void>;
  push(ref: string): Promise<Transfer>;
  pull(ref: string): Promise<Transfer>;
  /** What the client itself calls the local image; equal before a push and after a pull. */
  identity(ref: string): Promise<string>;
  /** Removes every local image, so that a pull must fetch every byte. */
  empty(): Promise<void>;
  /** What it says when it could reuse a layer of another repository, if it says so. */
  readonly mounted: RegExp | undefined;
}

/** What each of them says, in one line or another, to somebody who is not logged in. */
export const REFUSED = /unauthorized|authentication required|denied/i;

/**
 * What each of them says when the account is known and lacks the right. They make it of the challenge's
 * `error="insufficient_scope"`; without that all they say is "authentication required".
 */
export const DENIED = /denied: /;
