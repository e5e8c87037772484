import { DOCKER } from '../support/engine.ts';
import { buildContext } from '../support/images.ts';
import { folder } from '../support/root.ts';
import { must, type Outcome, type RunOptions, run } from '../support/run.ts';
import type { Client, Transfer } from './client.ts';

/** The docker command with the suite's engine. */
export function docker(dockerHost: string): Client {
  const env = { DOCKER_HOST: dockerHost, DOCKER_CONFIG: folder('docker-config'), DOCKER_BUILDKIT: '0' };
  const ask = (args: readonly string[], options: RunOptions = {}) => run(DOCKER, args, { env, ...options });
  const insist = (...args: readonly string[]) => must(DOCKER, args, { env });
  const transfer = (outcome: Outcome): Transfer => ({
    outcome,
    digest: outcome.code === 0 ? /digest: (sha256:[0-9a-f]{64})/i.exec(outcome.stdout)?.[1] : undefined,
  });
  return {
    name: 'docker',
    mounted: /Mounted from/,
    login: (host, account, password) => ask(['login', '--username', account, '--password', password, host]),
    logout: (host) => ask(['logout', host]),
    async build(ref, plan, base) {
      await insist('build', '--quiet', '--tag', ref, buildContext(plan, base));
    },
    push: async (ref) => transfer(await ask(['push', ref])),
    pull: async (ref) => transfer(await ask(['pull', ref])),
    identity: async (ref) => (await insist('image', 'inspect', '--format', '{{.Id}}', ref)).stdout.trim(),
    async empty() {
      const ids = (await insist('image', 'ls', '--all', '--quiet')).stdout
        .split('\n')
        .filter((id) => id !== '');
      // An image goes together with its parents: most of the list may be gone when its turn comes.
      if (ids.length > 0) await ask(['image', 'rm', '--force', ...new Set(ids)]);
      const left = (await insist('image', 'ls', '--all', '--quiet')).stdout.trim();
      if (left !== '') throw new Error(`docker's store is not empty:\n${left}`);
    },
  };
}
