const MAX_CHARACTERS = 4_096;

/**
 * What somebody else wrote, for the log: its first 4,096 characters, without the lines that hold one of the secrets.
 * Secrets are looked for before anything is cut off, so that none is cut in two.
 */
export function printable(text: string, secrets: readonly string[]): string {
  const looked = secrets.filter((secret) => secret !== '').flatMap(spellingsOf);
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

/** Shorter ones stand in many texts by chance. */
const MIN_ENCODED = 6;

/** A secret as it is, and as programs write it where they pass it on: in an address, a form, JSON, hexadecimal, or base64. */
function spellingsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const percent = encodeURIComponent(secret);
  const base64 = (['base64', 'base64url'] as const).flatMap((encoding) =>
    // Within a longer text, such as `user:password`, it begins at any of three places; the ends depend on what is beside.
    [0, 1, 2].map((offset) => {
      const whole = Buffer.concat([Buffer.alloc(offset), bytes])
        .toString(encoding)
        .replace(/=+$/, '');
      return whole.slice(offset === 0 ? 0 : offset + 1, -1);
    }),
  );
  const encoded = [
    ...[percent, percent.replaceAll('%20', '+'), JSON.stringify(secret).slice(1, -1)],
    ...[bytes.toString('hex'), ...base64],
  ];
  return [secret, ...new Set(encoded.filter((text) => text.length >= MIN_ENCODED))];
}
