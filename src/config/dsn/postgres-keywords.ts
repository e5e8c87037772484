import { DsnError } from './dsn-error.ts';

const SPACE = /\s/;

/**
 * Reads `name=value name='quoted value'`, as libpq and lib/pq (`parseOpts`) do: spaces around the equals sign are
 * allowed, a backslash takes the next character as it is, and a later value wins.
 * @throws DsnError
 */
export function parseKeywords(text: string): Map<string, string> {
  const values = new Map<string, string>();
  let at = 0;
  const skipSpace = (): void => {
    while (at < text.length && SPACE.test(text[at] ?? '')) at += 1;
  };
  for (;;) {
    skipSpace();
    if (at >= text.length) return values;
    const start = at;
    while (at < text.length && text[at] !== '=' && !SPACE.test(text[at] ?? '')) at += 1;
    const name = text.slice(start, at);
    skipSpace();
    // What stands here may be a part of a password with a space in it, so that it is not repeated.
    if (text[at] !== '=' || name === '') {
      throw new DsnError(
        "it must be name=value pairs, with a value that has spaces in quotes: password='a b'",
      );
    }
    at += 1;
    skipSpace();
    const { value, end } = valueAt(text, at, name);
    values.set(name, value);
    at = end;
  }
}

function valueAt(text: string, from: number, name: string): { value: string; end: number } {
  const isQuoted = text[from] === "'";
  let value = '';
  for (let at = isQuoted ? from + 1 : from; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (isQuoted ? character === "'" : SPACE.test(character)) return { value, end: isQuoted ? at + 1 : at };
    if (character === '\\') at += 1;
    if (at >= text.length)
      throw new DsnError(`the value of ${name} ends with a backslash; write two of them`);
    value += text[at];
  }
  if (isQuoted) throw new DsnError(`the value of ${name} lacks its closing quote`);
  return { value, end: text.length };
}
