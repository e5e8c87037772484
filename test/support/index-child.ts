import { openSqliteIndex } from '../../src/index/sqlite/open.ts';
import { newDigest, newRepository, putBlob } from './index-values.ts';

/** A process that works on an index beside others: `index-child.ts FILE NAME COUNT`. It starts at the first input. */

const [file = '', name = '', count = '0'] = process.argv.slice(2);
process.stdout.write('loaded\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
process.stdin.destroy();

const index = await openSqliteIndex(file);
const keys = await index.signingKeys.createFirst({
  id: name,
  privateKeyPem: name,
  createdAtMs: 1,
  signsFromMs: 1,
});
const repository = newRepository();
for (let number = 0; number < Number(count); number += 1) {
  await index.accounts.create({ name: `${name}-${number}`, passwordHash: 'x', isAdmin: false }, 1);
  if (number % 20 === 0) await putBlob(index, repository, newDigest());
}
await index.close();
process.stdout.write(`keys ${keys.map(({ id }) => id).join(',')}\n`);
