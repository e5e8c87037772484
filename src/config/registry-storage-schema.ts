import type { Decoding } from './decoding.ts';
import type { ConfigNode } from './node.ts';
import type { StorageSettings } from './registry-config.ts';
import { otherDrivers } from './registry-drivers-schema.ts';
import { differs, noEffect, onlyIn, optional, sub, type Type, withDefault } from './schema.ts';
import { bool, duration, int, nonEmptyText, text } from './types-scalar.ts';
import { expandShorthand, placeOfKey, refine, section } from './types-section.ts';

const HOUR = 3_600_000;
const NO_CACHE = 'descriptors come from the index, which needs no cache';
const DEFAULT_FOLDER = '/var/lib/registry';

/** Keys of `storage` that are no driver. */
export const BESIDE_DRIVERS: ReadonlySet<string> = new Set([
  'maintenance',
  'cache',
  'delete',
  'redirect',
  'tag',
]);

const filesystem = section(
  {
    rootdirectory: differs(
      withDefault(nonEmptyText, 'Folder of everything that is stored.', DEFAULT_FOLDER),
      'content is kept in a layout of its own below it, and images that registry:2 has there are not read',
    ),
    // As text: the original takes "50", too, and puts less than 25 up to 25.
    maxthreads: noEffect(text, 'Node has its own pool of threads; UV_THREADPOOL_SIZE sets it'),
  },
  { go: 'map' },
);

const uploadPurging = section(
  {
    enabled: withDefault(bool, 'Remove uploads that nobody finished.', true),
    age: withDefault(duration, 'How old they must be.', 168 * HOUR, '168h'),
    interval: differs(
      withDefault(duration, 'How often to look.', 24 * HOUR, '24h'),
      'the first look is at the start, not up to an hour later',
    ),
    dryrun: withDefault(bool, 'Only say what would be removed.', false),
  },
  { go: 'map' },
);

const garbageCollect = section(
  {
    enabled: withDefault(bool, 'Collect garbage while the registry runs.', true),
    interval: withDefault(
      duration,
      'How often; of several processes on the same data, one does it.',
      24 * HOUR,
      '24h',
    ),
    grace: withDefault(duration, 'What came, or was asked for, within this time is kept.', 24 * HOUR, '24h'),
    untagged: withDefault(bool, 'Delete manifests too that nothing keeps: no tag, index or subject.', false),
    originals: withDefault(
      bool,
      'Remove files that registry:2 wrote too, without which it cannot serve the folder again.',
      false,
    ),
  },
  { go: 'map' },
);

const often: Type<number> = refine(duration, (ms, at) => {
  if (ms >= 1_000) return ms;
  at.report(`${at.name} must be at least 1s; set enabled: false to switch it off`);
  return undefined;
});

const retention = section(
  {
    enabled: withDefault(
      bool,
      'Remove tags by the rules of `repositories[].retention`, where there are any.',
      true,
    ),
    interval: withDefault(
      often,
      'How often; the first time is so long after the first start with rules.',
      24 * HOUR,
      '24h',
    ),
  },
  { go: 'map' },
);

const maintenance = section(
  {
    uploadpurging: sub(uploadPurging, 'Removal of unfinished uploads.'),
    garbagecollect: onlyIn('berth', sub(garbageCollect, 'Removal of what no manifest needs any more.')),
    retention: onlyIn('berth', sub(retention, 'Removal of tags by rules.')),
    keepdeleted: onlyIn(
      'berth',
      withDefault(
        duration,
        'How long deleted manifests, and what tags pointed to, can be brought back; 0: not at all.',
        168 * HOUR,
        '168h',
      ),
    ),
    keepjournal: onlyIn(
      'berth',
      withDefault(duration, 'How long it is known what was removed, when and why.', 2160 * HOUR, '2160h'),
    ),
    readonly: sub(
      section({ enabled: withDefault(bool, 'Refuse every change.', false) }, { go: 'map' }),
      'Read-only mode.',
    ),
  },
  { go: 'map' },
);

// Any value is taken: the original only warns of an unknown kind, and people write one to switch the cache off.
const cache = section(
  {
    blobdescriptor: noEffect(text, NO_CACHE),
    layerinfo: noEffect(text, NO_CACHE),
    blobdescriptorsize: onlyIn(3, noEffect(text, NO_CACHE)),
  },
  { go: 'map' },
);

const deletion = section(
  {
    enabled: withDefault(
      bool,
      'Allow DELETE of manifests and blobs. Space is free after `maintenance.keepdeleted` and a garbage collection.',
      false,
    ),
  },
  { go: 'map' },
);

const tag = section(
  {
    concurrencylimit: onlyIn(3, noEffect(int({ min: 0 }), 'tags are found with one query')),
  },
  { go: 'map' },
);

const settings = section(
  {
    filesystem: sub(filesystem, 'The file system driver.'),
    inmemory: differs(
      optional(section({}, { go: 'map' }), 'A temporary folder, for tests.'),
      'content is kept in a temporary folder on disk, which is removed at the stop',
    ),
    ...otherDrivers,
    maintenance: sub(maintenance, 'Background work.'),
    delete: sub(deletion, 'Deletion through the API.'),
    cache: sub(cache, 'Cache of blob descriptors.'),
    redirect: sub(
      section({ disable: noEffect(bool, 'blobs on a file system are never redirected to') }, { go: 'map' }),
      'Redirects to the storage.',
    ),
    tag: sub(tag, 'Tag lookups.'),
  },
  { go: 'map', shorthand: true },
);

/** `storage`: one driver, and the reserved keys beside it. */
export const storage: Type<StorageSettings> = beforehand(
  checkDrivers,
  refine(settings, (value, _, node): StorageSettings => {
    const { uploadpurging, garbagecollect, retention, keepdeleted, keepjournal } = value.maintenance;
    const section = expandShorthand(node);
    return {
      rootDirectory: value.filesystem.rootdirectory,
      isTemporary: section.kind === 'map' && section.entries.has('inmemory'),
      deleteEnabled: value.delete.enabled,
      readOnly: value.maintenance.readonly.enabled,
      uploadPurging: {
        enabled: uploadpurging.enabled,
        ageMs: uploadpurging.age,
        intervalMs: uploadpurging.interval,
        dryRun: uploadpurging.dryrun,
      },
      garbageCollect: {
        enabled: garbagecollect.enabled,
        intervalMs: garbagecollect.interval,
        graceMs: garbagecollect.grace,
        untagged: garbagecollect.untagged,
        originals: garbagecollect.originals,
      },
      retention: { enabled: retention.enabled, intervalMs: retention.interval },
      keepDeletedMs: keepdeleted,
      keepJournalMs: keepjournal,
    };
  }),
);

/** The same type with a check that runs whatever else is wrong. */
function beforehand<T>(check: (node: ConfigNode, at: Decoding) => void, type: Type<T>): Type<T> {
  return {
    ...type,
    decode(node, at) {
      check(node, at);
      return type.decode(node, at);
    },
  };
}

/** "multiple storage drivers specified in configuration or environment", and what people do about it. */
function checkDrivers(node: ConfigNode, at: Decoding): void {
  const section = expandShorthand(node);
  if (section.kind !== 'map') return;
  const drivers = [...section.entries.keys()].filter((key) => !BESIDE_DRIVERS.has(key));
  const [first, second] = drivers;
  if (first === undefined) at.report('"storage" names no driver; write filesystem: {rootdirectory: …}');
  if (second === undefined) return;
  at.report(
    `"storage" must have exactly one driver and has ${drivers.join(' and ')}, with which registry:2 does not start; ` +
      `remove one, or set REGISTRY_STORAGE=${second} to replace the section of the file`,
    placeOfKey(section, second, at),
  );
}
