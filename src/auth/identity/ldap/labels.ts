import { DirectoryError, type Entry } from './connection.ts';
import { commonNameOf } from './dn.ts';

/** Where the values of a label come from. */
export interface LabelSource {
  readonly attribute: string;
  /** Of a distinguished name, the first common name in its place. */
  readonly parseCn: boolean;
  readonly lowerCase: boolean;
}

/**
 * So many values Active Directory gives of one attribute before it begins to cut. More are an error and are not left out:
 * a rule may forbid something to those who have the value.
 */
const MAX_VALUES = 1_500;
const MAX_VALUE_CHARACTERS = 4_096;

/**
 * An attribute's values, whatever the case of its name and its options.
 * @throws DirectoryError where there are too many, or they are too long
 */
export function valuesOf(entry: Entry, attribute: string): readonly string[] {
  const wanted = attribute.toLowerCase();
  const found = [...entry.attributes].filter(([name]) => name === wanted || name.startsWith(`${wanted};`));
  const values = found.flatMap(([, each]) => each);
  // Active Directory's sign that it gives a part: `memberOf;range=0-1499`.
  const isPart = found.some(([name]) => /;range=/.test(name));
  if (isPart || values.length > MAX_VALUES) {
    throw new DirectoryError(`${entry.dn} has more than ${MAX_VALUES} values of ${attribute}`);
  }
  if (values.some((value) => value.length > MAX_VALUE_CHARACTERS)) {
    throw new DirectoryError(
      `${entry.dn} has a value of ${attribute} that is longer than ${MAX_VALUE_CHARACTERS} characters`,
    );
  }
  return values;
}

/** The values of one label. Each label has its own, also where two come from the same attribute. */
export function labelValues(entry: Entry, source: LabelSource): readonly string[] {
  const values = valuesOf(entry, source.attribute);
  const names = source.parseCn ? values.map(commonNameOf) : values;
  return source.lowerCase ? names.map((value) => value.toLowerCase()) : names;
}
