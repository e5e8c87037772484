import type { KeyCases } from './case.ts';

/** Keys outside of the large sections. */
export const topKeys: KeyCases = {
  version: {
    yaml: 'version: 0.1',
    setting: (config) => config.catalog.maxEntries,
    is: 1000,
    isDefault: true,
    wrong: ['version: 0.2', /"version" must be 0\.1, not 0\.2/],
  },
  loglevel: {
    yaml: 'loglevel: warn',
    setting: (config) => config.log.level,
    is: 'warn',
    wrong: ['loglevel: loud', /must be one of error, warn, info, debug/],
  },
  'catalog.maxentries': {
    yaml: 'catalog: {maxentries: 50}',
    setting: (config) => config.catalog.maxEntries,
    is: 50,
    wrong: ['catalog: {maxentries: many}', /must be a whole number/],
  },
  'tags.maxtags': {
    yaml: 'tags: {maxtags: 50}',
    setting: (config) => config.tags.maxTags,
    is: 50,
    verdict: 'works-differently',
    wrong: ['tags: {maxtags: -1}', /must be at least 0/],
  },
};
