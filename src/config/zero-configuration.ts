import type { Place } from './config-error.ts';
import { type ConfigNode, type MapNode, mapNode, nodeFromPlain } from './node.ts';
import { BESIDE_DRIVERS } from './registry-storage-schema.ts';

/** What holds when there is no file. */
export interface Defaults {
  /** Folder of all state; `./data` if not given. */
  readonly rootDirectory?: string;
  /** Address to listen on; `127.0.0.1:5000` if not given. */
  readonly addr?: string;
}

const BUILT_IN: Place = { kind: 'built-in' };

/** The configuration of a start without a file. */
export function zeroConfiguration(defaults: Defaults): MapNode {
  const node = nodeFromPlain(
    {
      version: '0.1',
      storage: {
        filesystem: { rootdirectory: defaults.rootDirectory ?? './data' },
        delete: { enabled: 'true' },
      },
      http: { addr: defaults.addr ?? '127.0.0.1:5000' },
      auth: { builtin: {} },
    },
    BUILT_IN,
  );
  return node.kind === 'map' ? node : mapNode(BUILT_IN);
}

/**
 * A choice that a variable made replaces the one that nobody wrote: after `REGISTRY_AUTH_TOKEN_REALM` alone
 * there is no `auth.builtin`, as registry:2 allows exactly one kind. The same for the storage driver.
 */
export function dropReplacedDefaults(root: MapNode): MapNode {
  const withoutAuth = dropIfReplaced(root, 'auth', 'builtin', () => true);
  return dropIfReplaced(withoutAuth, 'storage', 'filesystem', (key) => !BESIDE_DRIVERS.has(key));
}

function dropIfReplaced(
  root: MapNode,
  section: string,
  choice: string,
  isChoice: (key: string) => boolean,
): MapNode {
  const entry = root.entries.get(section);
  if (entry?.value.kind !== 'map') return root;
  const { entries, place } = entry.value;
  const isReplaced = [...entries.keys()].some((key) => key !== choice && isChoice(key));
  if (!isReplaced || !isUntouched(entries.get(choice)?.value)) return root;
  const rest = mapNode(
    place,
    [...entries].filter(([key]) => key !== choice),
  );
  return mapNode(root.place, [...root.entries, [section, { ...entry, value: rest }]]);
}

/** No variable has set anything in it. */
function isUntouched(node: ConfigNode | undefined): boolean {
  if (node === undefined || node.place.kind !== 'built-in') return false;
  return node.kind !== 'map' || [...node.entries.values()].every(({ value }) => isUntouched(value));
}
