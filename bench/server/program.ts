import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SigningKey } from '../keys.ts';
import { ISSUER, SERVICE } from '../tokens.ts';
import type { Workspace } from '../workspace.ts';
import { type RunningServer, startServer } from './server.ts';

/** A registry that the bench can start, each time on an empty data folder of its own. */
export interface Program {
  readonly label: string;
  start(): Promise<RunningServer>;
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
    start: () => startServer(workspace, { command, args: ['serve'], environment: tokenEnvironment(key) }),
  };
}

/** `bin/berth serve` with nothing configured: registry and token service, first start on an empty folder. */
export function berthAllInOne(command: string, label: string, workspace: Workspace): Program {
  return { label, start: () => startServer(workspace, { command, args: ['serve'], environment: {} }) };
}

/** The real registry, configured as in its official image. */
export function peerRegistry(command: string, label: string, key: SigningKey, workspace: Workspace): Program {
  return {
    label,
    start: async () => {
      const file = join(workspace.folder('peer-config'), 'config.yml');
      await writeFile(file, PEER_CONFIG);
      return startServer(workspace, { command, args: ['serve', file], environment: tokenEnvironment(key) });
    },
  };
}
