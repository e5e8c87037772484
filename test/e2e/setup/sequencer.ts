import { basename } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { PREPARED } from '../support/prepared.ts';

const LAST: readonly string[] = Object.values(PREPARED);

/** Files that need a program which is still being built come last, in the order in which the programs come. */
export class Sequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => LAST.indexOf(basename(moduleId));
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}
