import { Unreachable } from '../auth/unreachable.ts';

/**
 * Something outside of Berth was asked and gave no answer that could be understood: the request fails, and this is
 * what the log says. Nothing secret is in the message.
 */
export class OutsideFault extends Unreachable {
  /** @param name the section that it was configured by */
  constructor(name: string, message: string, options?: ErrorOptions) {
    super(`${name}: ${message}`, options);
    this.name = 'OutsideFault';
  }
}
