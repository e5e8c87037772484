/** A text that says how to reach a database cannot be used. The message is a clause, and repeats no secret. */
export class DsnError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DsnError';
  }
}

/** A number of seconds, as PostgreSQL and its drivers write a time. */
export function wholeNumber(text: string, name: string, range: { min: number; max: number }): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= range.min && value <= range.max) return value;
  throw new DsnError(`${name} must be a whole number from ${range.min} to ${range.max}`);
}

/** Undoes `%41`; unlike Go's, a `+` stays what it is unless it stands in a query. */
export function unescaped(text: string, name: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new DsnError(`${name} has a % that is not followed by two hexadecimal digits; write %25 for it`);
  }
}

/** `a=1&b=2`, each undone as Go's `url.ParseQuery` does; a later value wins. */
export function queryOf(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const [key = '', value = ''] = pair.split(/=(.*)/s);
    const name = unescaped(key.replaceAll('+', ' '), 'a parameter');
    values.set(name, unescaped(value.replaceAll('+', ' '), name));
  }
  return values;
}

/** `host:port`, `[::1]:port`, either without the port; a host that is no IPv6 address needs no brackets. */
export function hostAndPort(text: string, defaultPort: number): { host: string; port: number } {
  const [, bracketed, plain, port] = /^(?:\[([0-9A-Fa-f:.%a-z]+)\]|([^:[\]]*))(?::(\d*))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) {
    throw new DsnError('the address must be host:port, with an IPv6 address in brackets: [::1]:3306');
  }
  return {
    host,
    port:
      port === undefined || port === ''
        ? defaultPort
        : wholeNumber(port, 'the port', { min: 1, max: 65_535 }),
  };
}
