/** Times are numbers inside, and texts of RFC 3339 outside. */
const TIME = /(?:^at|At|Until)Ms$/;

/**
 * A value as the API shows it: `deletedAtMs` becomes `deletedAt`, a date and time; `graceMs` becomes `graceSeconds`;
 * what is undefined is left out.
 */
export function shown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => shownMember(name, member)),
  );
}

function shownMember(name: string, value: unknown): [string, unknown] {
  if (typeof value !== 'number' || !name.endsWith('Ms')) return [name, shown(value)];
  const bare = name.slice(0, -'Ms'.length);
  return TIME.test(name)
    ? [bare, new Date(value).toISOString()]
    : [`${bare}Seconds`, Math.round(value / 1000)];
}
