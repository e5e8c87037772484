import type { Access } from '../oci/scope.ts';
import type { Identity } from './identity/provider.ts';

/** The circumstances of a request for access. */
export interface AccessContext {
  /** The registry that asks. */
  readonly service: string;
  /** The address of the client, or undefined where it has none. */
  readonly address: string | undefined;
}

/** What an authorizer makes of a request for access. */
export interface Decision {
  /** The granted part of the wanted actions; empty where it denies. */
  readonly granted: readonly string[];
  /** What decided, for the operator's eyes alone: `acl, rule 3 (auth.yml:12:5)`. */
  readonly rule: string;
}

/** `no-match` leaves the decision to the next authorizer. */
export type Verdict = Decision | 'no-match';

/** A rule that was tried. */
export interface RuleTried {
  /** As in {@link Decision}. */
  readonly rule: string;
  readonly matches: boolean;
  /** Why it matches or does not; a clause. */
  readonly why: string;
}

/** A verdict, and how it came about. */
export interface ExplainedVerdict {
  readonly verdict: Verdict;
  /** In the order in which they were tried. */
  readonly tried: readonly RuleTried[];
}

/** Decides what somebody may do. Throws where it cannot decide. */
export interface Authorizer {
  readonly name: string;
  authorize(who: Identity, wanted: Access, context: AccessContext): Verdict | Promise<Verdict>;
  /** The same verdict, with each rule; missing where rules are not to be seen from here. */
  explain?(
    who: Identity,
    wanted: Access,
    context: AccessContext,
  ): ExplainedVerdict | Promise<ExplainedVerdict>;
  /** As `IdentityProvider.ping`. */
  ping?(): Promise<void>;
  /** Lets go of connections and timers, once nothing is asked any more. */
  close?(): Promise<void>;
}

/**
 * The rules of a registry that was given none: an administrator may do everything, an account everything below
 * `<account>/` unless it is a robot's, nobody else anything.
 */
export const OWN_NAMESPACE: Authorizer = {
  name: 'own namespace',
  authorize(who, wanted) {
    if (who.isAdmin) return { granted: wanted.actions, rule: 'an administrator may do everything' };
    const isOwn =
      who.account !== '' &&
      who.isRobot !== true &&
      wanted.type === 'repository' &&
      wanted.name.startsWith(`${who.account}/`);
    return isOwn
      ? { granted: wanted.actions, rule: 'an account may do everything below its own name' }
      : {
          granted: [],
          rule: 'an account may do nothing outside of its own name, and a robot nothing by itself',
        };
  },
};

/** Configured rules, or those of a registry that was given none. */
export function orOwnNamespace(configured: readonly Authorizer[]): readonly Authorizer[] {
  return configured.length === 0 ? [OWN_NAMESPACE] : configured;
}

/** Everybody may pull, and whoever has an account may do everything. */
export const ANYBODY_PULLS: Authorizer = {
  name: 'anybody pulls',
  authorize(who, wanted) {
    if (who.account !== '') return { granted: wanted.actions, rule: 'an account may do everything' };
    const granted = wanted.type === 'repository' ? wanted.actions.filter((action) => action === 'pull') : [];
    return { granted, rule: 'anybody may pull' };
  },
};

/** What becomes of a request that no rule matches. */
export const NO_RULE: Decision = { granted: [], rule: 'no rule matches' };

/** What credentials that are good for less leave of a decision. */
export function narrowed(who: Identity, wanted: Access, decision: Decision): Decision {
  if (who.limit === undefined) return decision;
  const granted = who.limit(wanted, decision.granted);
  if (granted.length === decision.granted.length) return decision;
  return { granted, rule: `${decision.rule}; narrowed by the token that was presented` };
}
