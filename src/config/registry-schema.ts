import { guardFields } from './guard-schema.ts';
import { auth, EMPTY_AUTH } from './registry-auth-schema.ts';
import type { LogSettings, RegistryConfig } from './registry-config.ts';
import { health } from './registry-health-schema.ts';
import { http } from './registry-http-schema.ts';
import { notifications } from './registry-notifications-schema.ts';
import { compatibility, middleware, policy, proxy, redis, reporting } from './registry-original-schema.ts';
import { repositories } from './registry-repositories-schema.ts';
import { storage } from './registry-storage-schema.ts';
import { validation } from './registry-validation-schema.ts';
import { differs, noEffect, onlyIn, optional, required, sub, type Type, withDefault } from './schema.ts';
import { anything, bool, int, oneOf, scalar, text } from './types-scalar.ts';
import { list, map, placeOfKey, refine, section } from './types-section.ts';

const LEVELS = ['error', 'warn', 'info', 'debug'] as const;
const level = oneOf(LEVELS, { foldCase: true });

const oldLevel = refine(level, (value, at) => {
  at.notice('"loglevel" is the old name; write log: {level: …}');
  return value;
});

const hook = refine(
  section({
    disabled: withDefault(bool, 'Switched off.', false),
    type: optional(text, 'Kind of hook.'),
    levels: optional(list(text), 'Levels that call it.'),
    options: { ...optional(anything, 'Options of the kind.'), goName: 'MAILOPTIONS' },
  }),
  (value, at) => {
    if (!value.disabled) at.refuse(`${at.name} is not supported; send mail from what collects the log`);
    return value;
  },
);

const log: Type<Omit<LogSettings, 'level'> & { level: LogSettings['level'] | undefined }> = refine(
  section({
    accesslog: sub(
      section({ disabled: withDefault(bool, 'No line for each request.', false) }),
      'The access log.',
    ),
    level: optional(level, 'Least important lines that are written; info if not set.'),
    formatter: differs(
      withDefault(oneOf(['text', 'json', 'logstash']), 'Format of the lines.', 'text'),
      'with json and logstash, requests are lines of the log, without others in the combined format beside them',
    ),
    fields: optional(map(scalar), 'Fields of every line.'),
    hooks: noEffect(list(hook), 'every hook is disabled'),
    reportcaller: onlyIn(3, noEffect(bool, 'log lines name no source line')),
  }),
  (value) => ({
    level: value.level,
    formatter: value.formatter,
    fields: Object.fromEntries(value.fields ?? []),
    accessLog: !value.accesslog.disabled,
  }),
);

const DEFAULT_PAGE = 1000;

/** The whole of config.yml. */
export const registrySchema: Type<RegistryConfig> = refine(
  section({
    version: required(oneOf(['0.1']), 'Version of the format.'),
    log: sub(log, 'The log.'),
    loglevel: optional(oldLevel, 'Old name of log.level.'),
    storage: required(storage, 'Where content is kept.'),
    auth: optional(auth, 'Who may do what; without it everybody may do everything.'),
    http: sub(http, 'The HTTP server.'),
    health: sub(health, 'Health checks.'),
    catalog: sub(
      section({
        maxentries: withDefault(int(), 'Most repositories on a page of the catalog.', DEFAULT_PAGE),
      }),
      'The catalog.',
    ),
    tags: onlyIn(
      3,
      sub(
        section({
          maxtags: withDefault(int({ min: 0 }), 'Most tags on a page of a tag list.', DEFAULT_PAGE),
        }),
        'Tag lists.',
      ),
    ),
    notifications: sub(notifications, 'Who is told of pushes, pulls, mounts and deletions.'),
    validation: optional(validation, 'What pushed manifests must fulfil.'),
    repositories: onlyIn(
      'berth',
      withDefault(
        repositories,
        'What holds for which repositories; for each concern the first entry decides.',
        [],
        '',
      ),
    ),
    throttle: onlyIn('berth', guardFields.throttle),
    audit: onlyIn('berth', guardFields.audit),
    middleware,
    reporting,
    redis,
    proxy,
    compatibility: onlyIn(2, optional(compatibility, 'Older formats.')),
    policy,
  }),
  (value, at, node): RegistryConfig => {
    if (value.auth === undefined && node.kind === 'map' && node.entries.has('auth')) {
      at.report(EMPTY_AUTH, placeOfKey(node, 'auth', at));
    }
    return {
      log: { ...value.log, level: value.log.level ?? value.loglevel ?? 'info' },
      storage: value.storage,
      http: value.http,
      health: value.health,
      auth: value.auth ?? { kind: 'none' },
      notifications: value.notifications,
      // "An empty or a negative value will set a default of 1000 maximum entries".
      catalog: { maxEntries: value.catalog.maxentries > 0 ? value.catalog.maxentries : DEFAULT_PAGE },
      validation: value.validation,
      repositories: value.repositories,
      throttle: value.throttle.settings,
      audit: value.audit,
      tags: { maxTags: value.tags.maxtags > 0 ? value.tags.maxtags : DEFAULT_PAGE },
    };
  },
);
