const MAX_CHARACTERS = 4_096;

/**
 * What somebody else wrote, for the log: its first 4,096 characters, without the lines that hold one of the secrets.
 * Secrets are looked for before anything is cut off, so that none is cut in two.
 */
export function printable(text: string, secrets: readonly string[]): string {
  const looked = secrets.filter((secret) => secret !== '');
  const lines = text.trimEnd().split('\n');
  // A secret of several lines would be found in none of them.
  const isSpread = looked.some((secret) => secret.includes('\n') && text.includes(secret));
  if (isSpread) return '(withheld: a password is in it)';
  const shown = lines.map((line) =>
    looked.some((secret) => line.includes(secret)) ? '(a line is withheld: a password is in it)' : line,
  );
  const whole = shown.join('\n');
  return whole.length > MAX_CHARACTERS ? `${whole.slice(0, MAX_CHARACTERS)}…` : whole;
}
