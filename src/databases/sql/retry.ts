import { Unreachable } from '../../auth/unreachable.ts';
import { reasonOf } from '../reason.ts';

/**
 * Asks once more where a connection that was kept turns out to have ended meanwhile, as after a restart of the server.
 * @param isBroken whether an error says so, and not that the question is refused
 * @throws Unreachable where there is no connection to be had; the driver's error otherwise
 */
export async function overBrokenConnections<T>(
  place: string,
  { isBroken, isUnreachable }: Record<'isBroken' | 'isUnreachable', (error: unknown) => boolean>,
  ask: () => Promise<T>,
): Promise<T> {
  try {
    return await ask().catch((error: unknown) => {
      if (isBroken(error)) return ask();
      throw error;
    });
  } catch (error) {
    if (isUnreachable(error) || isBroken(error)) {
      throw new Unreachable(`${place} cannot be reached: ${reasonOf(error)}`);
    }
    throw error;
  }
}
