import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { DENIED, REFUSED } from './clients/client.ts';
import { basic, ISSUER, SERVICE } from './support/accounts.ts';
import { BERTH } from './support/berth.ts';
import { dockerRegistry } from './support/docker-registry.ts';
import { DOCKER } from './support/engine.ts';
import { answers, send } from './support/http.ts';
import { buildContext, planImage } from './support/images.ts';
import { type Registry, tokenEnvironment } from './support/registry.ts';
import { folder } from './support/root.ts';
import { must, run } from './support/run.ts';
import { freePort, type Server, startServer } from './support/server.ts';
import { steps } from './support/steps.ts';

/*
 * docker and the real docker-registry with accounts and rules that others know. Programs, service, plugin and casbin's
 * files are those of docs/how-to, word for word.
 */

const HOW_TO = join(import.meta.dirname, '../../docs/how-to');
const ALICE = { account: 'alice', password: 'wonderland' };

/** The file that a how-to writes by `cat > NAME <<'END'`, or shows in a block that begins with `# NAME`. */
function fromHowTo(page: string, name: string): string {
  const text = readFileSync(join(HOW_TO, page), 'utf8');
  const quoted = name.replaceAll('.', '\\.');
  const found =
    new RegExp(`^cat > ${quoted} <<'END'\n([\\s\\S]*?)^END$`, 'm').exec(text) ??
    new RegExp(`^\`\`\`\\w+\n(# ${quoted}\n[\\s\\S]*?)^\`\`\`$`, 'm').exec(text);
  if (found?.[1] === undefined) throw new Error(`${page} has no ${name}`);
  return found[1];
}

interface Way {
  readonly name: string;
  /** What alice is denied in a repository that is not her team's. */
  readonly mayPullAll: boolean;
  /** Writes what it needs. @returns lines of the configuration, and what has to be stopped */
  prepare(place: string): Promise<{ sections: readonly string[]; stop?: () => Promise<void> }>;
}

const WAYS: readonly Way[] = [
  {
    name: 'ext_auth and ext_authz',
    mayPullAll: false,
    async prepare(place) {
      for (const name of ['my_auth', 'my_authz']) {
        writeFileSync(join(place, name), fromHowTo('external-programs.md', name), { mode: 0o755 });
      }
      return { sections: ['ext_auth: {command: ./my_auth}', 'ext_authz: {command: ./my_authz}'] };
    },
  },
  {
    name: 'http_auth and http_authz',
    mayPullAll: true,
    async prepare(place) {
      const port = await freePort();
      const source = fromHowTo('external-programs.md', 'service.mjs').replace('8099', String(port));
      writeFileSync(join(place, 'service.mjs'), source);
      const service = await startServer({
        name: 'hook',
        command: process.execPath,
        args: [join(place, 'service.mjs')],
        ready: async () => {
          const body = JSON.stringify(ALICE);
          return send(`http://127.0.0.1:${port}/login`, { method: 'POST', body }).then(
            ({ status }) => status === 200,
            () => false,
          );
        },
      });
      const url = (path: string) => `{url: "http://127.0.0.1:${port}/${path}"}`;
      return {
        sections: [`http_auth: ${url('login')}`, `http_authz: ${url('rules')}`],
        stop: () => service.stop(),
      };
    },
  },
  {
    name: 'plugin_authn and plugin_authz',
    mayPullAll: true,
    async prepare(place) {
      writeFileSync(join(place, 'plugin.mjs'), fromHowTo('plugins.md', 'plugin.mjs'));
      const path = '{plugin_path: plugin.mjs}';
      return { sections: [`plugin_authn: ${path}`, `plugin_authz: ${path}`] };
    },
  },
  {
    name: 'ext_auth and casbin_authz',
    mayPullAll: false,
    async prepare(place) {
      writeFileSync(join(place, 'my_auth'), fromHowTo('external-programs.md', 'my_auth'), { mode: 0o755 });
      writeFileSync(join(place, 'model.conf'), fromHowTo('external-programs.md', 'model.conf'));
      // The engine comes from this machine.
      const policy = fromHowTo('external-programs.md', 'policy.csv').replace('10.0.0.0/8', '127.0.0.0/8');
      writeFileSync(join(place, 'policy.csv'), policy);
      return {
        sections: [
          'ext_auth: {command: ./my_auth}',
          'casbin_authz: {model_path: model.conf, policy_path: policy.csv}',
        ],
      };
    },
  },
];

for (const { name, mayPullAll, prepare } of WAYS) {
  describe(name, () => {
    let stop: (() => Promise<void>) | undefined;
    let auth: Server;
    let registry: Registry;
    let realm: string;
    let env: Record<string, string>;
    const image = (repository: string) => `127.0.0.1:${registry.port}/${repository}:1`;
    steps(() => `--- berth auth\n${auth.output()}\n--- docker-registry\n${registry.output()}`);

    beforeAll(async () => {
      const { rsa, dockerHost } = inject('bed');
      const place = folder('external');
      const prepared = await prepare(place);
      stop = prepared.stop;
      const port = await freePort();
      const lines = [
        `server: {addr: "127.0.0.1:${port}", certificate: "${rsa.certificateFile}", key: "${rsa.keyFile}"}`,
        `token: {issuer: "${ISSUER}", expiration: 900}`,
        ...prepared.sections,
      ];
      writeFileSync(join(place, 'auth.yml'), `${lines.join('\n')}\n`);
      auth = await startServer({
        name: 'berth-auth',
        command: BERTH,
        args: ['auth', '--v=2', 'auth.yml'],
        cwd: place,
        ready: () => answers(`https://127.0.0.1:${port}/auth`, rsa.certificate),
      });
      realm = `https://localhost:${port}/auth`;
      registry = await dockerRegistry(tokenEnvironment(realm, rsa.certificateFile));
      env = { DOCKER_HOST: dockerHost, DOCKER_CONFIG: folder('docker-config'), DOCKER_BUILDKIT: '0' };
    });
    afterAll(async () => {
      if (registry !== undefined) {
        await run(DOCKER, ['image', 'rm', '--force', image('blue/app'), image('red/app')], { env });
      }
      await auth?.stop();
      await registry?.stop();
      await stop?.();
    });

    const login = (password: string) =>
      run(DOCKER, ['login', '--username', 'alice', '--password-stdin', `127.0.0.1:${registry.port}`], {
        env,
        input: password,
      });

    test('docker login: refused with a wrong password, accepted with the right one', async () => {
      const wrong = await login('looking-glass');
      expect(wrong.code, wrong.all).not.toBe(0);
      expect(wrong.all).toMatch(REFUSED);
      const right = await login(ALICE.password);
      expect(right.stdout, right.all).toContain('Login Succeeded');
    });

    test('docker push where the rules allow it', async () => {
      await must(DOCKER, ['build', '--quiet', '--tag', image('blue/app'), buildContext(planImage(2))], {
        env,
      });
      const push = await run(DOCKER, ['push', image('blue/app')], { env });
      expect(push.code, push.all).toBe(0);
    });

    test('docker push is denied elsewhere', async () => {
      await must(DOCKER, ['tag', image('blue/app'), image('red/app')], { env });
      const push = await run(DOCKER, ['push', image('red/app')], { env });
      expect(push.code, push.all).not.toBe(0);
      expect(push.all).toMatch(DENIED);
    });

    test('a part of what was asked for is granted where the rules can say so', async () => {
      const granted = async (repository: string) => {
        const query = new URLSearchParams({ service: SERVICE, scope: `repository:${repository}:pull,push` });
        const headers = { authorization: basic(ALICE) };
        const answer = await send(`${realm}?${query}`, { headers, ca: inject('bed').rsa.certificate });
        expect(answer.status, answer.text).toBe(200);
        return (JSON.parse(answer.text) as { scope: string }).scope;
      };
      expect(await granted('blue/app')).toBe('repository:blue/app:pull,push');
      expect(await granted('red/app')).toBe(mayPullAll ? 'repository:red/app:pull' : '');
    });

    test('the log, at its most verbose, has no password', () => {
      expect(auth.output()).not.toMatch(/wonderland|looking-glass/);
    });
  });
}
