/** What an OpenID provider says of somebody. */
export type Claims = Readonly<Record<string, unknown>>;

function asTexts(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(asTexts);
  if (typeof value === 'string') return value === '' ? [] : [value];
  return typeof value === 'number' || typeof value === 'boolean' ? [String(value)] : [];
}

/** The labels that claims become: each claim that there is, under its own name. */
export function labelsFrom(claims: Claims, names: readonly string[]): Record<string, readonly string[]> {
  const labels = names.map((name) => [name, asTexts(claims[name])] as const);
  return Object.fromEntries(labels.filter(([, values]) => values.length > 0));
}

/** OpenID Connect Core, section 5.1: true where the provider made sure that the address is the person's own. */
export function isEmailVerified(claims: Claims): boolean {
  // Some providers write it as text.
  return claims['email_verified'] === true || claims['email_verified'] === 'true';
}
