import type { Access } from '../oci/scope.ts';
import type { Identity } from './identity/provider.ts';

/** The circumstances of a request for access. */
export interface AccessContext {
  /** The registry that asks. */
  readonly service: string;
  /** The address of the client, or undefined where it has none. */
  readonly address: string | undefined;
}

/** Decides what somebody may do. Throws where it cannot decide. */
export interface Authorizer {
  readonly name: string;
  /** @returns the granted part of the wanted actions, or `no-match` to leave it to the next authorizer */
  authorize(who: Identity, wanted: Access, context: AccessContext): readonly string[] | 'no-match';
}

/**
 * The rules of a registry that was given none: an administrator may do everything, an account everything below
 * `<account>/`, nobody else anything.
 */
export const OWN_NAMESPACE: Authorizer = {
  name: 'own namespace',
  authorize(who, wanted) {
    if (who.isAdmin) return wanted.actions;
    const isOwn =
      who.account !== '' && wanted.type === 'repository' && wanted.name.startsWith(`${who.account}/`);
    return isOwn ? wanted.actions : [];
  },
};

/** Everybody may pull, and whoever has an account may do everything. */
export const ANYBODY_PULLS: Authorizer = {
  name: 'anybody pulls',
  authorize(who, wanted) {
    if (who.account !== '') return wanted.actions;
    return wanted.type === 'repository' ? wanted.actions.filter((action) => action === 'pull') : [];
  },
};
