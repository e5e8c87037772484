/** The labels of an account as they are stored cannot be read. */
export class LabelsError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LabelsError';
  }
}

/**
 * Labels as docker_auth stores them: a JSON text or what a database has made of it, `{"team": ["a", "b"]}`; nothing is
 * none. Labels that cannot be read are no labels that could be left out: a rule may deny by them.
 * @throws LabelsError
 */
export function parseStoredLabels(stored: unknown): Readonly<Record<string, readonly string[]>> {
  const value = typeof stored === 'string' && stored !== '' ? fromJson(stored) : stored;
  if (value === undefined || value === null || value === '') return {};
  if (typeof value !== 'object' || Array.isArray(value))
    throw new LabelsError('they are not {"name": ["value"]}');
  return Object.fromEntries(
    Object.entries(value).map(([label, values]: [string, unknown]) => {
      if (values === null) return [label, []];
      if (Array.isArray(values) && values.every((each) => typeof each === 'string')) return [label, values];
      throw new LabelsError(`the value of ${JSON.stringify(label)} is not a list of texts`);
    }),
  );
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new LabelsError('they are not JSON');
  }
}
