import { type Labels, readLabels } from '../labels.ts';

/** Whether the labels of an account have every value that a rule demands, each under its label. */
export function labelMatch(has: Labels, demanded: Labels): boolean {
  return Object.entries(demanded).every(([label, values]) => {
    const own = Object.hasOwn(has, label) ? has[label] : undefined;
    return values.every((value) => own?.includes(value) === true);
  });
}

/**
 * Labels as JSON; an empty text demands none. docker_auth takes a text that it cannot read for none, and its rule then
 * applies to everyone.
 * @throws TypeError
 */
export function labelsOfText(text: unknown): Labels {
  if (typeof text !== 'string') throw new TypeError('labels are not a text');
  if (text === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new TypeError('labels are not JSON, such as {"team":["a"]}');
  }
  return readLabels(value);
}
