import { describe, expect, test } from 'vitest';
import { ERRORS, type ErrorName, RegistryError, toRegistryError } from './errors.ts';
import { InvalidValueError, type ValueKind } from './oci/invalid.ts';

const entries = Object.values(ERRORS);
const SECRET = 'hunter2 /var/lib/berth/data password=hunter2';

describe('the table', () => {
  // distribution-spec 1.1, "Error Codes", code-1 to code-14, with the statuses that its endpoints name.
  test.each<[string, number]>([
    ['BLOB_UNKNOWN', 404],
    ['BLOB_UPLOAD_INVALID', 400],
    ['BLOB_UPLOAD_UNKNOWN', 404],
    ['DIGEST_INVALID', 400],
    ['MANIFEST_BLOB_UNKNOWN', 400],
    ['MANIFEST_INVALID', 400],
    ['MANIFEST_UNKNOWN', 404],
    ['NAME_INVALID', 400],
    ['NAME_UNKNOWN', 404],
    ['SIZE_INVALID', 400],
    ['UNAUTHORIZED', 401],
    ['DENIED', 403],
    ['UNSUPPORTED', 405],
    ['TOOMANYREQUESTS', 429],
  ])('has %s of the specification, with %i', (code, status) => {
    expect(Object.entries(ERRORS)).toContainEqual([code, expect.objectContaining({ code, status })]);
  });

  // Those of distribution alone: its registry/api/errcode and registry/api/v2/errors.go.
  test.each<[string, number]>([
    ['UNKNOWN', 500],
    ['UNAVAILABLE', 503],
    ['RANGE_INVALID', 416],
    ['TAG_INVALID', 400],
    ['PAGINATION_NUMBER_INVALID', 400],
  ])('has %s of distribution, with %i', (code, status) => {
    expect(Object.entries(ERRORS)).toContainEqual([code, expect.objectContaining({ code, status })]);
  });

  test.each(Object.entries(ERRORS))('%s is complete', (_, { code, status, message, description }) => {
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    // Clients print it behind a colon: one line, no full stop.
    expect(message).toMatch(/^[a-z].*[^.]$/);
    expect(description).toMatch(/^[A-Z][^\n]*\.$/);
  });

  test('a challenge goes with 401 only', () => {
    const challenged = entries.filter(({ status }) => status === 401).map(({ code }) => code);
    expect(new Set(challenged)).toEqual(new Set(['UNAUTHORIZED', 'DENIED']));
  });
});

describe('a refusal', () => {
  test('takes what is not given from the table', () => {
    const error = new RegistryError('BLOB_UNKNOWN');
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'RegistryError',
      message: 'blob unknown to registry',
      entry: { code: 'BLOB_UNKNOWN', status: 404 },
      detail: null,
      siblings: [],
      cause: undefined,
    });
  });

  test('carries what is given', () => {
    const [cause, sibling] = [new Error('cause'), new RegistryError('TAG_INVALID')];
    const error = new RegistryError('DENIED', {
      message: 'no',
      detail: { a: 1 },
      cause,
      siblings: [sibling],
    });
    expect(error).toMatchObject({ message: 'no', detail: { a: 1 }, siblings: [sibling] });
    expect(error.cause).toBe(cause);
  });
});

describe('what a client is told of anything thrown', () => {
  test('a refusal as it is', () => {
    const error = new RegistryError('DENIED');
    expect(toRegistryError(error)).toBe(error);
  });

  const kinds: Record<ValueKind, ErrorName> = {
    digest: 'DIGEST_INVALID',
    repository: 'NAME_INVALID',
    tag: 'TAG_INVALID',
    manifest: 'MANIFEST_INVALID',
    range: 'RANGE_INVALID',
    'content-range': 'CONTENT_RANGE_INVALID',
    scope: 'REQUEST_INVALID',
  };
  test.each(Object.entries(kinds) as [ValueKind, ErrorName][])('an invalid %s is %s', (kind, name) => {
    const thrown = new InvalidValueError(kind, 'what is wrong');
    const error = toRegistryError(thrown);
    expect(error.entry).toBe(ERRORS[name]);
    expect(error.message).toBe('what is wrong');
    expect(error.cause).toBe(thrown);
  });

  test.each(['ENOSPC', 'EDQUOT', 'SQLITE_FULL'])(
    '%s is a full disk, and tells nothing of the path',
    (code) => {
      const thrown = Object.assign(new Error(`${code}: ${SECRET}`), { code, path: SECRET });
      const error = toRegistryError(thrown);
      expect(error.entry).toBe(ERRORS.STORAGE_FULL);
      expect(error.entry.status).toBe(507);
      expect(JSON.stringify([error.message, error.detail, error.siblings])).not.toContain('hunter2');
      expect(error.cause).toBe(thrown);
    },
  );

  test.each<[string, unknown]>([
    ['an error', new Error(SECRET)],
    ['an error with a code', Object.assign(new Error(SECRET), { code: 'EACCES', detail: SECRET })],
    ['an error that calls itself a refusal', Object.assign(new Error(SECRET), { name: 'RegistryError' })],
    ['an error of the right shape', { entry: ERRORS.DENIED, message: SECRET, detail: SECRET }],
    ['an error with a cause', new Error(SECRET, { cause: new RegistryError('DENIED') })],
    ['a type error', new TypeError(SECRET)],
    ['several errors', new AggregateError([new Error(SECRET)], SECRET)],
    ['a text', SECRET],
    ['an object', { code: SECRET }],
    ['an object without a prototype', Object.assign(Object.create(null), { message: SECRET })],
    ['a number', 5],
    ['null', null],
    ['undefined', undefined],
  ])('%s is unknown, and stays in the log', (_, thrown) => {
    const error = toRegistryError(thrown);
    expect(error.entry).toBe(ERRORS.UNKNOWN);
    expect(error.message).toBe('unknown error');
    expect(error.detail).toBeNull();
    expect(error.siblings).toEqual([]);
    expect(error.cause).toBe(thrown);
  });
});
