import type { KeyCases } from './case.ts';

export const logKeys: KeyCases = {
  'log.accesslog.disabled': {
    yaml: 'log: {accesslog: {disabled: true}}',
    setting: (config) => config.log.accessLog,
    is: false,
    wrong: ['log: {accesslog: {disabled: maybe}}', /must be true or false/],
  },
  'log.level': {
    yaml: 'log: {level: DEBUG}',
    setting: (config) => config.log.level,
    is: 'debug',
    wrong: ['log: {level: trace}', /must be one of error, warn, info, debug/],
  },
  'log.formatter': {
    yaml: 'log: {formatter: json}',
    setting: (config) => config.log.formatter,
    is: 'json',
    verdict: 'works-differently',
    wrong: ['log: {formatter: xml}', /must be one of text, json, logstash/],
  },
  'log.fields': {
    yaml: 'log: {fields: {service: registry, zone: 3}}',
    setting: (config) => config.log.fields,
    is: { service: 'registry', zone: 3 },
    wrong: ['log: {fields: [a]}', /must be a section of keys/],
  },
};
