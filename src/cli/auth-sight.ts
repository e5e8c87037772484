import { hashingLoad } from '../auth/identity/password-hash.ts';
import type { Source, SourceState } from '../auth/source.ts';
import type { Metrics } from '../ports.ts';

/** Shows what is asked for accounts and rules, and how many passwords are being hashed. To be called once for a program. */
export function showSources(sources: () => readonly Source[], metrics: Metrics): void {
  metrics.gauge('berth_auth_source_failing', () =>
    sources().map(({ name, standing }) => ({
      labels: { source: name },
      value: standing.state === 'fails' ? 1 : 0,
    })),
  );
  metrics.gauge('berth_password_hashes', () =>
    Object.entries(hashingLoad()).map(([state, value]) => ({ labels: { state }, value })),
  );
}

/** The state of each, by its name; those that cannot be told are asked beside each other. */
export async function statesOf(sources: readonly Source[]): Promise<Readonly<Record<string, SourceState>>> {
  const states = await Promise.all(
    sources.map(async (source) => [source.name, await source.check()] as const),
  );
  return Object.fromEntries(states);
}
