/**
 * The fields of a line of a policy, as Go's casbin reads it (`encoding/csv` with `TrimLeadingSpace`): a field may be
 * quoted, and `""` in it is one quote. Spaces around a field without quotes are dropped.
 * @throws SyntaxError
 */
export function csvFields(line: string): string[] {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    while (line[at] === ' ' || line[at] === '\t') at += 1;
    if (line[at] === '"') {
      const quoted = /"((?:[^"]|"")*)"[ \t]*/y;
      quoted.lastIndex = at;
      const match = quoted.exec(line);
      if (match === null) throw new SyntaxError('a quote is not closed');
      fields.push((match[1] ?? '').replaceAll('""', '"'));
      at = quoted.lastIndex;
      if (at < line.length && line[at] !== ',') throw new SyntaxError('something follows a closing quote');
    } else {
      const comma = line.indexOf(',', at);
      const field = line.slice(at, comma < 0 ? line.length : comma).trim();
      if (field.includes('"')) {
        throw new SyntaxError(
          'a quote in a field that does not begin with one; quote the field, and double the quote',
        );
      }
      fields.push(field);
      at = comma < 0 ? line.length : comma;
    }
    if (at >= line.length) return fields;
    at += 1;
  }
}
