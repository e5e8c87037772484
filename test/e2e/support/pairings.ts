import { inject } from 'vitest';
import { CLIENT_NAMES, type ClientName } from '../clients/all.ts';
import { ADMIN, TEST } from './accounts.ts';
import { type BerthServe, berthAuth, berthServe } from './berth.ts';
import { dockerRegistry } from './docker-registry.ts';
import { startIssuer } from './issuer.ts';
import type { TokenForm } from './jwt.ts';
import { type Recorder, startRecorder } from './recorder.ts';
import { tokenEnvironment } from './registry.ts';

/** A registry and a token service that work together, with a recorder in front of the registry. */
export interface Pair {
  /** host:port as a client names it: the recorder's */
  readonly host: string;
  /** the registry's own port, without the recorder */
  readonly port: number;
  readonly recorder: Recorder;
  /** where the token service is; undefined when it is where the client reached the registry */
  readonly realm: string | undefined;
  /** of the token service; undefined when it has none */
  readonly ca: string | undefined;
  /** what to read when something went wrong: the exchanges and both logs */
  evidence(): string;
  stop(): Promise<void>;
}

/** A way to have both parts, and what `test` may do there. */
export interface Pairing {
  readonly name: string;
  readonly clients: readonly ClientName[];
  /** whether it is the walkthrough's: a registry by environment and a token service by simple.yml or like it */
  readonly walkthrough: boolean;
  /** simple.yml lets `test` pull everything; Berth's own rules only what is below `test/` */
  readonly testMayPull: boolean;
  start(): Promise<Pair>;
}

interface Part {
  readonly name: string;
  output(): string;
  stop(): Promise<void>;
}

const LIBTRUST: TokenForm = { kid: 'libtrust', x5c: false, audience: 'string' };

/** The pairings of the issue, and first the one that shows that the test bed itself is right. */
export const PAIRINGS: readonly Pairing[] = [
  {
    name: 'the test bed: docker-registry 2.8.2 + an issuer of the suite',
    clients: CLIENT_NAMES,
    walkthrough: true,
    testMayPull: true,
    async start() {
      const { rsa } = inject('bed');
      const issuer = await startIssuer(rsa, LIBTRUST);
      const registry = await dockerRegistry(tokenEnvironment(issuer.realm, rsa.certificateFile));
      return pair(registry.port, { realm: issuer.realm, ca: rsa.certificate }, [
        { name: 'docker-registry', ...registry },
        { name: 'issuer', output: issuer.log, stop: issuer.stop },
      ]);
    },
  },
  {
    name: 'Berth registry + Berth token service apart',
    clients: CLIENT_NAMES,
    walkthrough: true,
    testMayPull: true,
    async start() {
      const { rsa } = inject('bed');
      const auth = await berthAuth(rsa);
      const serve = await berthServe({ env: tokenEnvironment(auth.realm, rsa.certificateFile) });
      return pair(serve.port, { realm: auth.realm, ca: rsa.certificate }, [
        served(serve),
        { name: 'berth auth', ...auth },
      ]);
    },
  },
  {
    name: 'docker-registry 2.8.2 + Berth token service',
    clients: CLIENT_NAMES,
    walkthrough: true,
    testMayPull: true,
    async start() {
      const { rsa } = inject('bed');
      const auth = await berthAuth(rsa);
      const registry = await dockerRegistry(tokenEnvironment(auth.realm, rsa.certificateFile));
      return pair(registry.port, { realm: auth.realm, ca: rsa.certificate }, [
        { name: 'docker-registry', ...registry },
        { name: 'berth auth', ...auth },
      ]);
    },
  },
  foreign('libtrust kid', CLIENT_NAMES, LIBTRUST),
  foreign('RFC 7638 kid', ['skopeo'], { ...LIBTRUST, kid: 'rfc7638' }),
  foreign('libtrust kid and x5c', ['docker'], { ...LIBTRUST, x5c: true }),
  foreign('RFC 7638 kid, x5c and a list as aud', ['podman'], { kid: 'rfc7638', x5c: true, audience: 'list' }),
  {
    name: 'all in one: berth serve, nothing configured',
    clients: CLIENT_NAMES,
    walkthrough: false,
    testMayPull: false,
    async start() {
      const serve = await berthServe({ env: { BERTH_ADMIN_PASSWORD: ADMIN.password } });
      const added = await serve.command(
        ['user', 'add', TEST.account, '--password-stdin'],
        `${TEST.password}\n`,
      );
      if (added.code !== 0) {
        await serve.stop();
        throw new Error(`berth user add: ${added.code}\n${added.all}`);
      }
      return pair(serve.port, {}, [served(serve)]);
    },
  },
];

function foreign(kind: string, clients: readonly ClientName[], form: TokenForm): Pairing {
  return {
    name: `Berth registry + foreign tokens (${kind})`,
    clients,
    walkthrough: false,
    testMayPull: true,
    async start() {
      const { rsa } = inject('bed');
      const issuer = await startIssuer(rsa, form);
      const serve = await berthServe({ env: tokenEnvironment(issuer.realm, rsa.certificateFile) });
      return pair(serve.port, { realm: issuer.realm, ca: rsa.certificate }, [
        served(serve),
        { name: 'issuer', output: issuer.log, stop: issuer.stop },
      ]);
    },
  };
}

function served(serve: BerthServe): Part {
  return { name: 'berth serve', output: serve.output, stop: serve.stop };
}

async function pair(
  port: number,
  { realm, ca }: { readonly realm?: string; readonly ca?: string },
  parts: readonly Part[],
): Promise<Pair> {
  const recorder = await startRecorder(port);
  return {
    host: `127.0.0.1:${recorder.port}`,
    port,
    recorder,
    realm,
    ca,
    evidence: () =>
      [
        `--- exchanges with the registry\n${recorder.text()}`,
        ...parts.map((part) => `--- ${part.name}\n${part.output()}`),
      ].join('\n'),
    async stop() {
      await recorder.stop();
      await Promise.all(parts.map((part) => part.stop()));
    },
  };
}
