import { toRegistryError } from '../../errors.ts';
import type { Metrics } from '../../ports.ts';
import type { AccessControl } from './access.ts';

/** Counts what comes of each check, as `berth_token_checks_total`. */
export function countedAccess(control: AccessControl, metrics: Metrics): AccessControl {
  const outcome = (name: string) => metrics.counter('berth_token_checks_total', { outcome: name });
  const accepted = outcome('accepted');
  const missing = outcome('missing');
  const rejected = outcome('rejected');
  const insufficient = outcome('insufficient');
  return {
    async check(request, required, goesOn) {
      try {
        const caller = await control.check(request, required, goesOn);
        accepted.add();
        return caller;
      } catch (error) {
        const { code } = toRegistryError(error).entry;
        if (code === 'DENIED') insufficient.add();
        else if (code === 'UNAUTHORIZED')
          (request.headers['authorization'] === undefined ? missing : rejected).add();
        throw error;
      }
    },
  };
}
