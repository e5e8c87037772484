import { expect, test } from 'vitest';
import { digestOf } from './digest.ts';
import { holds, type Precondition } from './precondition.ts';

const HERE = digestOf(Buffer.from('here'));
const OTHER = digestOf(Buffer.from('other'));

// RFC 9110, sections 13.1.1 and 13.1.2: what holds where something is there, and where nothing is.
test.each<[string, Precondition, boolean, boolean]>([
  ['no condition', {}, true, true],
  ['If-Match: *', { ifMatch: '*' }, true, false],
  ['If-Match: what is there', { ifMatch: [OTHER, HERE] }, true, false],
  ['If-Match: something else', { ifMatch: [OTHER] }, false, false],
  ['If-Match: nothing', { ifMatch: [] }, false, false],
  ['If-None-Match: *', { ifNoneMatch: '*' }, false, true],
  ['If-None-Match: what is there', { ifNoneMatch: [OTHER, HERE] }, false, true],
  ['If-None-Match: something else', { ifNoneMatch: [OTHER] }, true, true],
  ['both, and both hold', { ifMatch: [HERE], ifNoneMatch: [OTHER] }, true, false],
  ['both, and one does not hold', { ifMatch: '*', ifNoneMatch: [HERE] }, false, false],
])('%s', (_, precondition, ifThere, ifNothing) => {
  expect([holds(precondition, HERE), holds(precondition, undefined)]).toEqual([ifThere, ifNothing]);
});
