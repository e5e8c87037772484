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
  'storage.maintenance.readonly.enabled': {
    yaml: `storage: {${FILESYSTEM}, maintenance: {readonly: {enabled: true}}}`,
    setting: (config) => config.storage.readOnly,
    is: true,
    wrong: [`storage: {${FILESYSTEM}, maintenance: {readonly: true}}`, /must be a section of keys/],
  },
  'storage.maintenance.verify.enabled': {
    yaml: `storage: {${FILESYSTEM}, maintenance: {verify: {enabled: true}}}`,
    setting: (config) => config.storage.verify.enabled,
    is: true,
    verdict: 'works-differently',
    wrong: [`storage: {${FILESYSTEM}, maintenance: {verify: {enabled: 1}}}`, /must be true or false/],
  },
  'storage.maintenance.verify.interval': {
    yaml: `storage: {${FILESYSTEM}, maintenance: {verify: {interval: 24h}}}`,
    setting: (config) => config.storage.verify.intervalMs,
    is: 86_400_000,
    verdict: 'works-differently',
    wrong: [`storage: {${FILESYSTEM}, maintenance: {verify: {interval: week}}}`, /must be a duration/],
  },
  'storage.maintenance.verify.bandwidth': {
    yaml: `storage: {${FILESYSTEM}, maintenance: {verify: {bandwidth: 5MB/s}}}`,
    setting: (config) => config.storage.verify.bandwidth,
    is: 5_000_000,
    verdict: 'works-differently',
    wrong: [`storage: {${FILESYSTEM}, maintenance: {verify: {bandwidth: 5}}}`, /such as 50MB\/s/],
  },
  'storage.maintenance.verify.quarantine': {
    yaml: `storage: {${FILESYSTEM}, maintenance: {verify: {quarantine: false}}}`,
    setting: (config) => config.storage.verify.quarantine,
    is: false,
    verdict: 'works-differently',
    wrong: [`storage: {${FILESYSTEM}, maintenance: {verify: {quarantine: "no"}}}`, /must be true or false/],
  },
  'storage.delete.enabled': {
    yaml: `storage: {${FILESYSTEM}, delete: {enabled: true}}`,
    setting: (config) => config.storage.deleteEnabled,
    is: true,
    wrong: [`storage: {${FILESYSTEM}, delete: {enabled: "true"}}`, /must be true or false, without quotes/],
  },
};
