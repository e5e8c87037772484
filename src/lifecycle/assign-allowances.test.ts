import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { newFolder, removeFolder } from '../../test/support/folders.ts';
import { newDigest, putBlob } from '../../test/support/index-values.ts';
import { parseRegistryConfig } from '../config/distribution.ts';
import { openSqliteIndex } from '../index/sqlite/open.ts';
import { parseRepositoryName } from '../oci/reference.ts';
import { assignAllowances } from './assign-allowances.ts';

const rulesOf = (repositories: string) =>
  parseRegistryConfig(
    `version: 0.1\nstorage: filesystem\nhttp: {addr: ":5000"}\nrepositories: ${repositories}\n`,
    'config.yml',
    {},
  ).config.repositories;

test('repositories follow the rules, when these change too', async () => {
  const folder = await newFolder();
  onTestFinished(() => removeFolder(folder));
  const index = await openSqliteIndex(join(folder, 'berth.db'));
  onTestFinished(() => index.close());
  const layer = newDigest();
  // More than a page of them.
  const names = Array.from({ length: 210 }, (_, number) => `ci/r${String(number).padStart(3, '0')}`);
  for (const name of [...names, 'base/os']) await putBlob(index, parseRepositoryName(name), layer, 10);
  const quota = 'quota: {maxbytes: 1kB, scope: together}';
  const rules = rulesOf(`[{match: "ci/**", ${quota}}, {match: [base/*, os], ${quota}}]`);
  expect(await assignAllowances(index.usage, rules)).toBe(211);
  expect(await assignAllowances(index.usage, rules)).toBe(0);
  expect(await index.usage.ofAllowance('ci/**')).toEqual({ bytes: 10, tags: 0 });
  expect(await index.usage.ofAllowance('base/* os')).toEqual({ bytes: 10, tags: 0 });
  const changed = rulesOf(`[{match: "ci/r00*", quota: {maxbytes: 1kB}}, {match: "ci/*", ${quota}}]`);
  expect(await assignAllowances(index.usage, changed)).toBe(211);
  expect(await index.usage.ofAllowance('ci/**')).toBeUndefined();
  expect(await index.usage.ofAllowance('ci/*')).toEqual({ bytes: 10, tags: 0 });
  const members = (await index.usage.list({ after: undefined, limit: 500 })).filter(
    ({ allowance }) => allowance === 'ci/*',
  );
  expect(members).toHaveLength(200);
});
