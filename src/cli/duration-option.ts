import { parseGoDuration } from '../config/duration.ts';
import { Failure } from './failure.ts';

const NANOSECONDS_PER_MS = 1_000_000n;

/**
 * The value of an option that is a duration, as Go writes them.
 * @throws Failure
 */
export function durationMs(option: string, text: string): number {
  const nanoseconds = parseGoDuration(text);
  if (nanoseconds === undefined || nanoseconds < 0n) {
    throw new Failure(`${option} ${JSON.stringify(text)} is no duration; write it like 1h, 30m or 0`);
  }
  return Number(nanoseconds / NANOSECONDS_PER_MS);
}
