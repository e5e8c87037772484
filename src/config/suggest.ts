/**
 * The name that was probably meant, or undefined when none is near: at most a third of the letters differ
 * (one is always allowed), or both begin alike (`adress`, `addr`).
 */
export function suggest(written: string, known: readonly string[]): string | undefined {
  const wanted = written.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(written.length / 3)) + 1;
  for (const name of known) {
    const distance = editDistance(wanted, name.toLowerCase());
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best ?? beginsAlike(wanted, known);
}

/** The name with the longest common beginning of at least half its letters, if only one has it. */
function beginsAlike(wanted: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestLength = 1;
  for (const name of known) {
    const length = commonBeginning(wanted, name.toLowerCase());
    if (length < name.length / 2 || length < bestLength) continue;
    best = length === bestLength ? undefined : name;
    bestLength = length;
  }
  return best;
}

function commonBeginning(a: string, b: string): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1;
  return length;
}

/** Insertions, deletions, replacements and swaps of neighbours between two texts. */
export function editDistance(a: string, b: string): number {
  // Keys are short; a longer text is no misspelling of one and must not cost quadratic time.
  if (Math.abs(a.length - b.length) > 20) return Number.POSITIVE_INFINITY;
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(
        (previous[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (previous[j - 1] ?? 0) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (beforePrevious[j - 2] ?? 0) + 1);
      }
      row.push(cost);
    }
    beforePrevious = previous;
    previous = row;
  }
  return previous[b.length] ?? a.length;
}
