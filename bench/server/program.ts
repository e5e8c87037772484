import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SigningKey } from '../keys.ts';
import { ISSUER, SERVICE } from '../tokens.ts';
import type { Workspace } from '../workspace.ts';
import { type RunningServer, startServer } from './server.ts';

/** How a start differs from the usual one. */
export interface StartOptions {
  /** A data folder that stays when the server is stopped; without it an empty one of its own. */
  readonly data?: string;
  /** More configuration. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A registry that the bench can start. */
export interface Program {
  readonly label: string;
  start(options?: StartOptions): Promise<RunningServer>;
}

function withOptions(
  environment: Readonly<Record<string, string>>,
  options: StartOptions = {},
): Record<string, string> {
  const folder = options.data !== undefined && { REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: options.data };
  return { ...environment, ...folder, ...options.environment };
}

/** registry:2's own configuration (distribution-library-image, config-example.yml), data folder by environment. */
const PEER_CONFIG = `version: 0.1
log:
  fields:
    service: registry
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: /var/lib/registry
http:
  addr: :5000
  headers:
    X-Content-Type-Options: [nosniff]
health:
  storagedriver:
    enabled: true
    interval: 10s
    threshold: 3
`;

function tokenEnvironment(key: SigningKey): Record<string, string> {
  return {
    REGISTRY_AUTH: 'token',
    REGISTRY_AUTH_TOKEN_REALM: 'http://localhost:5001/auth',
    REGISTRY_AUTH_TOKEN_SERVICE: SERVICE,
    REGISTRY_AUTH_TOKEN_ISSUER: ISSUER,
    REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE: key.certificateFile,
  };
}

/** `bin/berth serve` as a drop-in: tokens of a foreign issuer, everything by environment. */
export function berthRegistry(
  command: string,
  label: string,
  key: SigningKey,
  workspace: Workspace,
): Program {
  return {
    label,
    start: (options) =>
      startServer(workspace, {
        command,
        args: ['serve'],
        environment: withOptions(tokenEnvironment(key), options),
      }),
  };
}

/** `bin/berth serve` with nothing configured: registry and token service, first start on an empty folder. */
export function berthAllInOne(command: string, label: string, workspace: Workspace): Program {
  return {
    label,
    start: (options) =>
      startServer(workspace, { command, args: ['serve'], environment: withOptions({}, options) }),
  };
}

/** The real registry, configured as in its official image. */
export function peerRegistry(command: string, label: string, key: SigningKey, workspace: Workspace): Program {
  return {
    label,
    start: async (options) => {
      const file = join(workspace.folder('peer-config'), 'config.yml');
      await writeFile(file, PEER_CONFIG);
      return startServer(workspace, {
        command,
        args: ['serve', file],
        environment: withOptions(tokenEnvironment(key), options),
      });
    },
  };
}
