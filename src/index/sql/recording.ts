import type { ChangeRecorder } from '../events.ts';
import { isChange } from './changes.ts';
import type { Transact, TransactionArguments, TransactionName, TransactionResult } from './transactions.ts';

/** Sends what the recorder notes along with each change, to be recorded in the same transaction. */
export function recordingTransact(transact: Transact, recorder: ChangeRecorder): Transact {
  return async <N extends TransactionName>(
    name: N,
    ...args: TransactionArguments<N>
  ): Promise<TransactionResult<N>> => {
    const note = isChange(name) ? recorder.note() : undefined;
    if (!isChange(name) || note === undefined) return transact(name, ...args);
    const { result, tally } = await transact('recordChange', name, args, note).catch((error: unknown) => {
      recorder.failed(note);
      throw error;
    });
    recorder.recorded(tally);
    return result as TransactionResult<N>;
  };
}
