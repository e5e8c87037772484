import { isDeepStrictEqual } from 'node:util';
import type { AuthConfig } from '../config/docker-auth-schema.ts';

/** What a running `berth auth` goes on doing as before when these change; the rest is taken over. */
const NEEDS_RESTART: readonly (readonly [key: string, read: (config: AuthConfig) => unknown])[] = [
  ['server.addr', ({ server }) => server.listen],
  ['server.certificate', ({ server }) => server.pair !== undefined],
  [
    'server.letsencrypt',
    ({ server: { tls } }) => (tls?.certificate.kind === 'acme' ? tls.certificate : undefined),
  ],
  ['data', ({ data }) => data],
  ['debug', ({ debug }) => debug],
  ['throttle', ({ throttle }) => throttle],
  ['audit', ({ audit }) => audited(audit)],
];

/** The keys by which two configurations differ and that only a restart takes over. */
export function keysForRestart(before: AuthConfig, after: AuthConfig): readonly string[] {
  return NEEDS_RESTART.filter(([, read]) => !isDeepStrictEqual(read(before), read(after))).map(
    ([key]) => key,
  );
}

/** With the secrets, which look alike otherwise. */
function audited({ webhook, ...rest }: AuthConfig['audit']): unknown {
  const headers = webhook && [...webhook.headers].map(([name, value]) => [name, value.reveal()]);
  return { ...rest, webhook: { ...webhook, headers } };
}
