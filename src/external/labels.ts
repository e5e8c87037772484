/** What an answer may hold of labels: more is a mistake of whoever answers, and would slow down every rule. */
const MAX_LABELS = 100;
const MAX_VALUES = 1_000;

export type Labels = Readonly<Record<string, readonly string[]>>;

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Labels of an answer: an object whose values are lists of texts. Missing or null: there are none.
 * @throws TypeError that says what is wrong, and repeats no value
 */
export function readLabels(value: unknown): Labels {
  if (value === undefined || value === null) return {};
  if (!isRecord(value)) throw new TypeError('"labels" is not an object');
  const entries = Object.entries(value).map(([label, values]): [string, readonly string[]] => {
    // Go reads null as a list of nothing.
    if (values === null) return [label, []];
    if (!Array.isArray(values) || !values.every((one): one is string => typeof one === 'string')) {
      throw new TypeError('a label does not have a list of texts');
    }
    if (values.length > MAX_VALUES) throw new TypeError(`a label has more than ${MAX_VALUES} values`);
    return [label, values];
  });
  if (entries.length > MAX_LABELS) throw new TypeError(`there are more than ${MAX_LABELS} labels`);
  return Object.fromEntries(entries);
}

/**
 * The object of an answer.
 * @throws TypeError where it is something else
 */
export function readObject(value: unknown): Readonly<Record<string, unknown>> {
  if (!isRecord(value)) throw new TypeError('it is not an object');
  return value;
}
