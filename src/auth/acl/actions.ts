/**
 * What a rule grants of what was asked for: exactly `["*"]` everything, as it was asked for; else what is in
 * both lists, sorted and once. A `*` beside other actions is an action like any other.
 */
export function grantedActions(allowed: readonly string[], requested: readonly string[]): readonly string[] {
  if (isWildcard(allowed)) return requested;
  return [...new Set(requested)].filter((action) => allowed.includes(action)).sort();
}

/** Whether a rule grants whatever was asked for: `["*"]`. */
export function isWildcard(allowed: readonly string[]): boolean {
  return allowed.length === 1 && allowed[0] === '*';
}
