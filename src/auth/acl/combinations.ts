/** Too many label values to try: whether the rule matches could not be decided, so nothing may be granted. */
export class AclLimitError extends Error {
  readonly code = 'ACL_LIMIT';

  constructor(message: string) {
    super(message);
    this.name = 'AclLimitError';
  }
}

/** docker_auth has no limit; the product of three lists of labels takes it minutes. */
const MAX_COMBINATIONS = 10_000;

/**
 * Whether the test holds for some way to take one value from each list.
 *
 * @throws AclLimitError
 */
export function someCombination(
  lists: readonly (readonly string[])[],
  test: (values: readonly string[]) => boolean,
): boolean {
  const count = lists.reduce((product, list) => product * list.length, 1);
  if (count > MAX_COMBINATIONS) {
    throw new AclLimitError(
      `${count} combinations of label values for one pattern, at most ${MAX_COMBINATIONS}`,
    );
  }
  if (count === 1) return test(lists.map((list) => list[0] ?? ''));
  for (let number = 0; number < count; number += 1) {
    let rest = number;
    const values = lists.map((list) => {
      const value = list[rest % list.length];
      rest = Math.floor(rest / list.length);
      return value ?? '';
    });
    if (test(values)) return true;
  }
  return false;
}
