/**
 * A text as the value of an attribute in a distinguished name, whatever it holds (RFC 4514 §2.4). What has a meaning there
 * is escaped, so that it stays one value.
 */
export function escapeDnValue(text: string): string {
  return text.replaceAll(/^[ #]| $|["+,;<>\\=\0]/g, (sign) => (sign === '\0' ? '\\00' : `\\${sign}`));
}

/**
 * The name that somebody binds with. Where the template is a distinguished name, the account is escaped for it; names of
 * another kind, such as Active Directory's `${account}@example.com`, know no escapes.
 */
export function bindName(template: string, account: string): string {
  const value = template.includes('=') ? escapeDnValue(account) : account;
  return template.replaceAll(`\${account}`, () => value);
}

/** A part of a distinguished name, its escapes resolved. */
export interface NamePart {
  /** In lower case. */
  readonly attribute: string;
  readonly value: string;
}

/**
 * Takes a distinguished name apart (RFC 4514 §3), the parts of a multi-valued one side by side.
 * @returns undefined where it is none
 */
export function parseDn(text: string): readonly NamePart[] | undefined {
  const parts: NamePart[] = [];
  let rest = text;
  while (rest !== '') {
    const match =
      /^ *([A-Za-z0-9.-]+) *= *((?:\\[0-9A-Fa-f]{2}|\\[^0-9A-Fa-f]|[^\\"+,;<>])*)([,;+]|$)/su.exec(rest);
    if (match === null) return undefined;
    const [whole, attribute = '', value = '', separator] = match;
    parts.push({ attribute: attribute.toLowerCase(), value: resolveEscapes(value) });
    rest = rest.slice(whole.length);
    if (rest === '' && separator !== '') return undefined;
  }
  return parts;
}

/** The first common name of a distinguished name; the text itself where it has none, as docker_auth does. */
export function commonNameOf(dn: string): string {
  return parseDn(dn)?.find(({ attribute }) => attribute === 'cn')?.value ?? dn;
}

/** Hexadecimal pairs are bytes of UTF-8; blanks at the end belong to the value only where they are escaped. */
function resolveEscapes(value: string): string {
  const signs = value.match(/\\[0-9A-Fa-f]{2}|\\?./gsu) ?? [];
  const end = signs.findLastIndex((sign) => sign !== ' ');
  const bytes = signs
    .slice(0, end + 1)
    .map((sign) =>
      sign.length === 3 ? Buffer.from(sign.slice(1), 'hex') : Buffer.from(sign.replace(/^\\/, '')),
    );
  return Buffer.concat(bytes).toString('utf8');
}
