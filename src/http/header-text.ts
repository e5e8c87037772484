/** What may not stand in a header's value at all (RFC 9110, section 5.5). */
const CONTROL = /\p{Cc}/gu;

/**
 * A text between double quotes, for a header. Letters beyond ASCII go out as their bytes in UTF-8, as Go writes them,
 * so that a client of either registry reads the same text.
 */
export function quotedHeaderText(text: string): string {
  const bytes = Buffer.from(text.replaceAll(CONTROL, ' '), 'utf8').toString('latin1');
  return `"${bytes.replaceAll(/["\\]/g, '\\$&')}"`;
}
