/**
 * Something outside of this process did not answer, not in time, or not in a way that can be understood: later, it may. The message says what, where and why, and has
 * nothing secret in it.
 */
export class Unreachable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Unreachable';
  }
}
