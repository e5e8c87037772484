import type { Access } from '../../oci/scope.ts';
import type { HttpRequest } from '../message.ts';
import type { AccessControl, Caller } from './access.ts';
import { challenge } from './challenge.ts';

/** distribution's `auth.silly`: whoever sends any Authorization header is let in, for tests of clients. */
export class SillyAccess implements AccessControl {
  readonly #realm: string;
  readonly #service: string;

  constructor(options: { realm: string; service: string }) {
    this.#realm = options.realm;
    this.#service = options.service;
  }

  async check(request: HttpRequest, required: readonly Access[]): Promise<Caller> {
    if ((request.headers['authorization'] ?? '') !== '') return { account: 'silly', granted: 'everything' };
    // Its challenge has a scope for each action, unlike that of tokens.
    const single = required.flatMap((access) =>
      access.actions.map((action) => ({ ...access, actions: [action] })),
    );
    throw challenge({ realm: this.#realm, service: this.#service, required: single });
  }
}
