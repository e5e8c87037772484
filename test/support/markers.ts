/* Secrets that can be found again, however they are spelt. */

const made = new Map<string, string>();

/** A secret that stands nowhere else; the same for the same name. */
export function marker(name: string): string {
  const text = made.get(name) ?? `mk7-${name}-q9z`;
  made.set(name, text);
  return text;
}

/** A text as it is, percent-encoded, with its characters escaped, and in base64, wherever in a longer text it stands. */
export function formsOf(text: string): readonly string[] {
  const inBase64 = [0, 1, 2].map((offset) => {
    const encoded = Buffer.from(`${'\0'.repeat(offset)}${text}`)
      .toString('base64')
      .replace(/=+$/, '');
    // The characters at both ends depend on what stands beside the text.
    return encoded.slice(offset === 0 ? 0 : offset + 1, -1);
  });
  const hex = Buffer.from(text).toString('hex');
  const percent = hex.replaceAll(/../g, (byte) => `%${byte}`);
  return [text, encodeURIComponent(text), text.toLowerCase(), hex, percent, ...inBase64];
}

/** @param places what was written, by where @returns which markers are where: `ldap in stderr` */
export function leaksIn(places: Readonly<Record<string, string>>): readonly string[] {
  const found = new Set<string>();
  for (const [where, text] of Object.entries(places)) {
    for (const [name, secret] of made) {
      if (
        formsOf(secret).some(
          (form) => text.includes(form) || text.includes(form.replaceAll('+', '-').replaceAll('/', '_')),
        )
      ) {
        found.add(`${name} in ${where}`);
      }
    }
  }
  return [...found].sort();
}
