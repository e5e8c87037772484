/**
 * Something outside of this process did not answer, or not in time. The message says what, where and why, and has
 * nothing secret in it.
 */
export class Unreachable extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Unreachable';
  }
}
