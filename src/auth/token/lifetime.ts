import type { Access } from '../../oci/scope.ts';

/** How long tokens live, by what they grant. */
export interface TokenLifetimes {
  readonly lifetimeSeconds: number;
  /** Of tokens that grant these actions, whatever they grant beside them. */
  readonly lifetimeSecondsByAction?: ReadonlyMap<string, number> | undefined;
}

/**
 * How long a token lives that grants `access`: as its actions say, the shortest of several, so that no action can be had
 * for longer by asking for another beside it; where none of them says anything, as any token.
 */
export function lifetimeSecondsOf(
  { lifetimeSeconds, lifetimeSecondsByAction: byAction }: TokenLifetimes,
  access: readonly Access[],
): number {
  if (byAction === undefined || byAction.size === 0) return lifetimeSeconds;
  const said = access.flatMap(({ actions }) => actions.flatMap((action) => byAction.get(action) ?? []));
  return said.length === 0 ? lifetimeSeconds : Math.min(...said);
}

/** The longest that any token lives. */
export function longestLifetimeSeconds({
  lifetimeSeconds,
  lifetimeSecondsByAction = new Map(),
}: TokenLifetimes): number {
  return Math.max(lifetimeSeconds, ...lifetimeSecondsByAction.values());
}
