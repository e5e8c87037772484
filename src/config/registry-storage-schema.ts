import type { StorageSettings } from './registry-config.ts';
import { noEffect, sub, type Type, unsupported, withDefault } from './schema.ts';
import { anything, bool, duration, int, nonEmptyText, oneOf } from './types-scalar.ts';
import { expandShorthand, refine, section } from './types-section.ts';

const HOUR = 3_600_000;
const NO_CACHE = 'descriptors come from the index, which needs no cache';
const DRIVER = { evenIfEmpty: true };
const FILESYSTEM_ONLY =
  'this version of Berth stores on a file system only; write filesystem: {rootdirectory: …}';

const filesystem = section(
  {
    rootdirectory: withDefault(nonEmptyText, 'Folder of everything that is stored.', '/var/lib/registry'),
    maxthreads: noEffect(int(), 'Node has its own pool of threads; UV_THREADPOOL_SIZE sets it'),
  },
  { go: 'map' },
);

const uploadPurging = section(
  {
    enabled: withDefault(bool, 'Remove uploads that nobody finished.', true),
    age: withDefault(duration, 'How old they must be.', 168 * HOUR, '168h'),
    interval: withDefault(duration, 'How often to look.', 24 * HOUR, '24h'),
    dryrun: withDefault(bool, 'Only say what would be removed.', false),
  },
  { go: 'map' },
);

const maintenance = section(
  {
    uploadpurging: sub(uploadPurging, 'Removal of unfinished uploads.'),
    readonly: sub(
      section({ enabled: withDefault(bool, 'Refuse every change.', false) }, { go: 'map' }),
      'Read-only mode.',
    ),
  },
  { go: 'map' },
);

const cache = section(
  {
    blobdescriptor: noEffect(oneOf(['inmemory', 'redis']), NO_CACHE),
    layerinfo: noEffect(oneOf(['inmemory', 'redis']), NO_CACHE),
    blobdescriptorsize: noEffect(int(), NO_CACHE),
  },
  { go: 'map' },
);

/** `storage`: one driver, and the reserved keys beside it. */
export const storage: Type<StorageSettings> = refine(
  section(
    {
      filesystem: sub(filesystem, 'The file system driver.'),
      maintenance: sub(maintenance, 'Background work.'),
      delete: sub(
        section({ enabled: withDefault(bool, 'Allow DELETE of manifests and blobs.', false) }, { go: 'map' }),
        'Deletion through the API.',
      ),
      cache: sub(cache, 'Cache of blob descriptors.'),
      redirect: sub(
        section({ disable: noEffect(bool, 'blobs on a file system are never redirected to') }, { go: 'map' }),
        'Redirects to the storage.',
      ),
      tag: sub(
        section(
          { concurrencylimit: noEffect(int({ min: 0 }), 'tags are found with one query') },
          { go: 'map' },
        ),
        'Tag lookups.',
      ),
      inmemory: unsupported(anything, FILESYSTEM_ONLY, DRIVER),
      s3: unsupported(anything, FILESYSTEM_ONLY, DRIVER),
      gcs: unsupported(anything, FILESYSTEM_ONLY, DRIVER),
      azure: unsupported(anything, FILESYSTEM_ONLY, DRIVER),
      oss: unsupported(anything, FILESYSTEM_ONLY, DRIVER),
      swift: unsupported(anything, FILESYSTEM_ONLY, DRIVER),
    },
    { go: 'map', shorthand: true },
  ),
  (value, at, node): StorageSettings => {
    const section = expandShorthand(node);
    if (section.kind !== 'map' || !section.entries.has('filesystem')) {
      at.report('"storage" names no driver; write filesystem: {rootdirectory: …}');
    }
    const { uploadpurging } = value.maintenance;
    return {
      rootDirectory: value.filesystem.rootdirectory,
      deleteEnabled: value.delete.enabled,
      readOnly: value.maintenance.readonly.enabled,
      uploadPurging: {
        enabled: uploadpurging.enabled,
        ageMs: uploadpurging.age,
        intervalMs: uploadpurging.interval,
        dryRun: uploadpurging.dryrun,
      },
    };
  },
);
