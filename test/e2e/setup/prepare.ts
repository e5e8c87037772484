import { findFerretDb } from '../support/databases/ferretdb.ts';
import { findFakeGcs } from '../support/fake-gcs.ts';
import { findPebble } from '../support/pebble.ts';
import { notePrepared, type PreparedName } from '../support/prepared.ts';

/*
 * Runs beside the suite and gets the programs that it is told to, one after the other. It is the first of a process
 * group of its own, in which the compilers are, too.
 */
process.on('SIGTERM', () => process.kill(-process.pid, 'SIGKILL'));

const FIND: Readonly<Record<PreparedName, () => Promise<string | undefined>>> = {
  'fake-gcs-server': findFakeGcs,
  pebble: findPebble,
  ferretdb: findFerretDb,
};

for (const name of process.argv.slice(2) as PreparedName[]) {
  notePrepared(name, await FIND[name]().catch(() => undefined));
}
