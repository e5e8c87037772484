import type { KeyCases } from './case.ts';

const FILESYSTEM = 'filesystem: {rootdirectory: /srv/registry}';

export const storageKeys: KeyCases = {
  'storage.filesystem.rootdirectory': {
    yaml: 'storage: {filesystem: {rootdirectory: /srv/images}}',
    setting: (config) => config.storage.rootDirectory,
    is: '/srv/images',
    verdict: 'works-differently',
    wrong: ['storage: {filesystem: {rootdirectory: ""}}', /must be text that is not empty/],
  },
  'storage.inmemory': {
    yaml: 'storage: {inmemory: {}}',
    setting: (config) => config.storage.isTemporary,
    is: true,
    verdict: 'works-differently',
    wrong: [`storage: {inmemory: {}, ${FILESYSTEM}}`, /exactly one driver and has inmemory and filesystem/],
  },
  'storage.maintenance.uploadpurging.enabled': {
    yaml: `storage: {${FILESYSTEM}, maintenance: {uploadpurging: {enabled: false}}}`,
    setting: (config) => config.storage.uploadPurging.enabled,
    is: false,
    wrong: [
      `storage: {${FILESYSTEM}, maintenance: {uploadpurging: {enabled: "false"}}}`,
      /must be true or false, without quotes/,
    ],
  },
  'storage.maintenance.uploadpurging.age': {
    yaml: `storage: {${FILESYSTEM}, maintenance: {uploadpurging: {age: 1h30m}}}`,
    setting: (config) => config.storage.uploadPurging.ageMs,
    is: 5_400_000,
    wrong: [`storage: {${FILESYSTEM}, maintenance: {uploadpurging: {age: week}}}`, /must be a duration/],
  },
  'storage.maintenance.uploadpurging.interval': {
    yaml: `storage: {${FILESYSTEM}, maintenance: {uploadpurging: {interval: 10m}}}`,
    setting: (config) => config.storage.uploadPurging.intervalMs,
    is: 600_000,
    verdict: 'works-differently',
    wrong: [`storage: {${FILESYSTEM}, maintenance: {uploadpurging: {interval: -1h}}}`, /not negative/],
  },
  'storage.maintenance.uploadpurging.dryrun': {
    yaml: `storage: {${FILESYSTEM}, maintenance: {uploadpurging: {dryrun: true}}}`,
    setting: (config) => config.storage.uploadPurging.dryRun,
    is: true,
    wrong: [`storage: {${FILESYSTEM}, maintenance: {uploadpurging: {dryrun: 1}}}`, /must be true or false/],
  },
  'storage.maintenance.retention.enabled': {
    yaml: `storage: {${FILESYSTEM}, maintenance: {retention: {enabled: false}}}`,
    setting: (config) => config.storage.retention.enabled,
    is: false,
    verdict: 'works-differently',
    wrong: [`storage: {${FILESYSTEM}, maintenance: {retention: {enabled: 0}}}`, /must be true or false/],
  },
  'storage.maintenance.retention.interval': {
    yaml: `storage: {${FILESYSTEM}, maintenance: {retention: {interval: 6h}}}`,
    setting: (config) => config.storage.retention.intervalMs,
    is: 21_600_000,
    verdict: 'works-differently',
    wrong: [`storage: {${FILESYSTEM}, maintenance: {retention: {interval: 0}}}`, /must be at least 1s/],
  },
  'storage.maintenance.garbagecollect.enabled': {
    yaml: `storage: {${FILESYSTEM}, maintenance: {garbagecollect: {enabled: false}}}`,
    setting: (config) => config.storage.garbageCollect.enabled,
    is: false,
    verdict: 'works-differently',
    wrong: [`storage: {${FILESYSTEM}, maintenance: {garbagecollect: {enabled: 0}}}`, /must be true or false/],
  },
  'storage.maintenance.garbagecollect.interval': {
    yaml: `storage: {${FILESYSTEM}, maintenance: {garbagecollect: {interval: 12h}}}`,
    setting: (config) => config.storage.garbageCollect.intervalMs,
    is: 43_200_000,
    verdict: 'works-differently',
    wrong: [
      `storage: {${FILESYSTEM}, maintenance: {garbagecollect: {interval: daily}}}`,
      /must be a duration/,
    ],
  },
  'storage.maintenance.garbagecollect.grace': {
    yaml: `storage: {${FILESYSTEM}, maintenance: {garbagecollect: {grace: 2h}}}`,
    setting: (config) => config.storage.garbageCollect.graceMs,
    is: 7_200_000,
    verdict: 'works-differently',
    wrong: [`storage: {${FILESYSTEM}, maintenance: {garbagecollect: {grace: -1h}}}`, /not negative/],
  },
  'storage.maintenance.garbagecollect.untagged': {
    yaml: `storage: {${FILESYSTEM}, maintenance: {garbagecollect: {untagged: true}}}`,
    setting: (config) => config.storage.garbageCollect.untagged,
    is: true,
    verdict: 'works-differently',
    wrong: [
      `storage: {${FILESYSTEM}, maintenance: {garbagecollect: {untagged: "true"}}}`,
      /must be true or false, without quotes/,
    ],
  },
  'storage.maintenance.garbagecollect.originals': {
    yaml: `storage: {${FILESYSTEM}, maintenance: {garbagecollect: {originals: true}}}`,
    setting: (config) => config.storage.garbageCollect.originals,
    is: true,
    verdict: 'works-differently',
    wrong: [
      `storage: {${FILESYSTEM}, maintenance: {garbagecollect: {originals: 1}}}`,
      /must be true or false/,
    ],
  },
  'storage.maintenance.keepdeleted': {
    yaml: `storage: {${FILESYSTEM}, maintenance: {keepdeleted: 24h}}`,
    setting: (config) => config.storage.keepDeletedMs,
    is: 86_400_000,
    verdict: 'works-differently',
    wrong: [`storage: {${FILESYSTEM}, maintenance: {keepdeleted: week}}`, /must be a duration/],
  },
  'storage.maintenance.keepjournal': {
    yaml: `storage: {${FILESYSTEM}, maintenance: {keepjournal: 720h}}`,
    setting: (config) => config.storage.keepJournalMs,
    is: 2_592_000_000,
    verdict: 'works-differently',
    wrong: [`storage: {${FILESYSTEM}, maintenance: {keepjournal: -1h}}`, /not negative/],
  },
  'storage.maintenance.readonly.enabled': {
    yaml: `storage: {${FILESYSTEM}, maintenance: {readonly: {enabled: true}}}`,
    setting: (config) => config.storage.readOnly,
    is: true,
    wrong: [`storage: {${FILESYSTEM}, maintenance: {readonly: true}}`, /must be a section of keys/],
  },
  'storage.delete.enabled': {
    yaml: `storage: {${FILESYSTEM}, delete: {enabled: true}}`,
    setting: (config) => config.storage.deleteEnabled,
    is: true,
    wrong: [`storage: {${FILESYSTEM}, delete: {enabled: "true"}}`, /must be true or false, without quotes/],
  },
};
