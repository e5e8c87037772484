import { randomUUID } from 'node:crypto';

/**
 * What stands in every field of the one rule of a policy that has none. The package would take the empty text, which a
 * caller without account equals and which every text matches as a regular expression.
 */
export const NO_RULE = `no rule ${randomUUID()}`;
