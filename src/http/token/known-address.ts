import { RegistryError } from '../../errors.ts';
import type { Endpoint } from '../app.ts';

/**
 * Refuses requests whose client's address is not known, as docker_auth does where a header is to have it: a proxy that
 * leaves the header out would make strangers look like itself.
 * @param header as it is configured, for the message
 */
export function withKnownAddress(endpoint: Endpoint, header: string): Endpoint {
  return {
    ...endpoint,
    handle: async (request) => {
      if (request.remoteAddress !== undefined) return endpoint.handle(request);
      throw new RegistryError('REQUEST_INVALID', {
        message: `client address not provided: the proxy in front of this service sent no ${header} with an address`,
      });
    },
  };
}
