import { describe, expect, it } from 'vitest';
import { parseRegistryConfig, parseRegistryTree } from '../../src/config/distribution.ts';
import { formatPath } from '../../src/config/node.ts';
import type { RegistryConfig } from '../../src/config/registry-config.ts';
import { writtenOptions } from '../../src/config/written-options.ts';

/*
 * The environment rule of distribution's parser.go over the real schema: one test for each of its quirks. What registry:2
 * does was seen on 2.8.2, what registry:3 does is read from its source.
 */

const FILE = `version: 0.1
storage:
  filesystem: {rootdirectory: /srv/registry}
  delete: {enabled: true}
http:
  addr: :5000
  headers: {X-Content-Type-Options: [nosniff]}
log:
  fields: {service: registry}
`;

type Env = Record<string, string>;

const load = (env: Env, file = FILE): ReturnType<typeof parseRegistryConfig> =>
  parseRegistryConfig(file, 'config.yml', env);
const config = (env: Env, file = FILE): RegistryConfig => load(env, file).config;
const ignored = (env: Env, file = FILE): readonly string[] =>
  parseRegistryTree(file, 'config.yml', env).ignored;
/** The keys that a variable set. */
const keysOf = (name: string, value = 'x', file = 'version: 0.1'): string[] =>
  writtenOptions(parseRegistryTree(file, 'config.yml', { [name]: value }).root)
    .filter(({ place }) => place.kind === 'variable')
    .map(({ path }) => formatPath(path));

/** Every path of Go field names in the configuration of distribution 2.8.3 and 3.1.1, down to values and maps. */
const GO_NAMES = `
  LOG_ACCESSLOG_DISABLED LOG_LEVEL LOG_FORMATTER LOG_FIELDS LOG_HOOKS LOG_REPORTCALLER LOGLEVEL STORAGE AUTH MIDDLEWARE
  LOG_HOOKS_0_DISABLED LOG_HOOKS_0_TYPE LOG_HOOKS_0_LEVELS LOG_HOOKS_0_MAILOPTIONS_FROM LOG_HOOKS_0_MAILOPTIONS_TO
  LOG_HOOKS_0_MAILOPTIONS_SMTP_ADDR LOG_HOOKS_0_MAILOPTIONS_SMTP_USERNAME LOG_HOOKS_0_MAILOPTIONS_SMTP_PASSWORD
  LOG_HOOKS_0_MAILOPTIONS_SMTP_INSECURE
  REPORTING_BUGSNAG_APIKEY REPORTING_BUGSNAG_RELEASESTAGE REPORTING_BUGSNAG_ENDPOINT REPORTING_NEWRELIC_LICENSEKEY
  REPORTING_NEWRELIC_NAME REPORTING_NEWRELIC_VERBOSE
  HTTP_ADDR HTTP_NET HTTP_HOST HTTP_PREFIX HTTP_SECRET HTTP_RELATIVEURLS HTTP_DRAINTIMEOUT HTTP_HEADERS
  HTTP_TLS_CERTIFICATE HTTP_TLS_KEY HTTP_TLS_CLIENTCAS HTTP_TLS_CLIENTAUTH HTTP_TLS_MINIMUMTLS HTTP_TLS_CIPHERSUITES
  HTTP_TLS_LETSENCRYPT_CACHEFILE HTTP_TLS_LETSENCRYPT_EMAIL HTTP_TLS_LETSENCRYPT_HOSTS
  HTTP_TLS_LETSENCRYPT_DIRECTORYURL HTTP_DEBUG_ADDR HTTP_DEBUG_PROMETHEUS_ENABLED HTTP_DEBUG_PROMETHEUS_PATH
  HTTP_HTTP2_DISABLED HTTP_H2C_ENABLED
  NOTIFICATIONS_EVENTCONFIG_INCLUDEREFERENCES NOTIFICATIONS_ENDPOINTS NOTIFICATIONS_ENDPOINTS_0_NAME
  NOTIFICATIONS_ENDPOINTS_0_DISABLED NOTIFICATIONS_ENDPOINTS_0_URL NOTIFICATIONS_ENDPOINTS_0_HEADERS
  NOTIFICATIONS_ENDPOINTS_0_TIMEOUT NOTIFICATIONS_ENDPOINTS_0_THRESHOLD NOTIFICATIONS_ENDPOINTS_0_BACKOFF
  NOTIFICATIONS_ENDPOINTS_0_IGNOREDMEDIATYPES NOTIFICATIONS_ENDPOINTS_0_IGNORE_MEDIATYPES
  NOTIFICATIONS_ENDPOINTS_0_IGNORE_ACTIONS
  REDIS_ADDR REDIS_PASSWORD REDIS_DB REDIS_DIALTIMEOUT REDIS_READTIMEOUT REDIS_WRITETIMEOUT REDIS_POOL_MAXIDLE
  REDIS_POOL_MAXACTIVE REDIS_POOL_IDLETIMEOUT
  REDIS_ADDRS REDIS_CLIENTNAME REDIS_PROTOCOL REDIS_USERNAME REDIS_SENTINELUSERNAME REDIS_SENTINELPASSWORD
  REDIS_MAXRETRIES REDIS_MINRETRYBACKOFF REDIS_MAXRETRYBACKOFF REDIS_CONTEXTTIMEOUTENABLED REDIS_POOLFIFO REDIS_POOLSIZE
  REDIS_POOLTIMEOUT REDIS_MINIDLECONNS REDIS_MAXIDLECONNS REDIS_MAXACTIVECONNS REDIS_CONNMAXIDLETIME
  REDIS_CONNMAXLIFETIME REDIS_MAXREDIRECTS REDIS_READONLY REDIS_ROUTEBYLATENCY REDIS_ROUTERANDOMLY REDIS_MASTERNAME
  REDIS_DISABLEIDENTITY REDIS_IDENTITYSUFFIX REDIS_UNSTABLERESP3 REDIS_TLS_CERTIFICATE REDIS_TLS_KEY REDIS_TLS_ROOTCAS
  HEALTH_FILECHECKERS HEALTH_HTTPCHECKERS HEALTH_TCPCHECKERS HEALTH_STORAGEDRIVER_ENABLED
  HEALTH_STORAGEDRIVER_INTERVAL HEALTH_STORAGEDRIVER_THRESHOLD HEALTH_FILECHECKERS_0_FILE HEALTH_FILECHECKERS_0_INTERVAL
  HEALTH_FILECHECKERS_0_THRESHOLD HEALTH_HTTPCHECKERS_0_TIMEOUT HEALTH_HTTPCHECKERS_0_STATUSCODE
  HEALTH_HTTPCHECKERS_0_INTERVAL HEALTH_HTTPCHECKERS_0_URI HEALTH_HTTPCHECKERS_0_HEADERS HEALTH_HTTPCHECKERS_0_THRESHOLD
  HEALTH_TCPCHECKERS_0_TIMEOUT HEALTH_TCPCHECKERS_0_INTERVAL HEALTH_TCPCHECKERS_0_ADDR HEALTH_TCPCHECKERS_0_THRESHOLD
  CATALOG_MAXENTRIES TAGS_MAXTAGS
  PROXY_REMOTEURL PROXY_USERNAME PROXY_PASSWORD PROXY_EXEC_COMMAND PROXY_EXEC_LIFETIME PROXY_TTL PROXY_CACHEWRITETIMEOUT
  COMPATIBILITY_SCHEMA1_TRUSTKEY COMPATIBILITY_SCHEMA1_ENABLED
  VALIDATION_ENABLED VALIDATION_DISABLED VALIDATION_MANIFESTS_URLS_ALLOW VALIDATION_MANIFESTS_URLS_DENY
  VALIDATION_MANIFESTS_INDEXES_PLATFORMS VALIDATION_MANIFESTS_INDEXES_PLATFORMLIST POLICY_REPOSITORY_CLASSES
`
  .trim()
  .split(/\s+/);

describe('the environment rule: its quirks', () => {
  it.each(GO_NAMES)('struct field REGISTRY_%s is known', (name) => {
    expect(ignored({ [`REGISTRY_${name}`]: '' })).toEqual([]);
  });

  it('struct fields go by their Go names, not by those of the file', () => {
    expect(keysOf('REGISTRY_NOTIFICATIONS_EVENTCONFIG')).toEqual(['notifications.events']);
    expect(keysOf('REGISTRY_HEALTH_FILECHECKERS')).toEqual(['health.file']);
    expect(keysOf('REGISTRY_HEALTH_HTTPCHECKERS')).toEqual(['health.http']);
    expect(keysOf('REGISTRY_HEALTH_TCPCHECKERS')).toEqual(['health.tcp']);
    expect(keysOf('REGISTRY_LOG_HOOKS_0_MAILOPTIONS')).toEqual(['log.hooks[0].options']);
    expect(keysOf('REGISTRY_COMPATIBILITY_SCHEMA1_TRUSTKEY')).toEqual([
      'compatibility.schema1.signingkeyfile',
    ]);
    const asInTheFile = ['REGISTRY_HEALTH_FILE', 'REGISTRY_NOTIFICATIONS_EVENTS'];
    expect(ignored(Object.fromEntries(asInTheFile.map((name) => [name, 'x'])))).toEqual(asInTheFile);
  });

  it('struct fields are found in capitals only', () => {
    expect(ignored({ REGISTRY_HTTP_Addr: ':1', REGISTRY_http_ADDR: ':1' })).toEqual([
      'REGISTRY_HTTP_Addr',
      'REGISTRY_http_ADDR',
    ]);
  });

  it('map keys are found whatever their case on the way to something below them', () => {
    expect(
      keysOf('REGISTRY_AUTH_BUILTIN_USERS_ALICE_PASSWORD', 'x', 'auth: {builtin: {users: {Alice: {}}}}'),
    ).toEqual(['auth.builtin.users.Alice.password']);
  });

  it('map keys that are new, or set directly, are in lower case', () => {
    expect(
      config({ REGISTRY_LOG_FIELDS_SERVICE: 'other', REGISTRY_LOG_FIELDS_ZONE: 'a' }).log.fields,
    ).toEqual({
      service: 'other',
      zone: 'a',
    });
    const { headers } = config({ 'REGISTRY_HTTP_HEADERS_X-CONTENT-TYPE-OPTIONS': '[none]' }).http;
    // Both spellings of a header name are sent, as by registry:2.
    expect(headers).toEqual({ 'X-Content-Type-Options': ['nosniff', 'none'] });
  });

  it('an index that is the length of a list appends (registry:3; registry:2 ignores such variables)', () => {
    const env = { REGISTRY_HEALTH_FILECHECKERS_0_FILE: '/a', REGISTRY_HEALTH_FILECHECKERS_1_FILE: '/b' };
    const { root } = parseRegistryTree(FILE, 'config.yml', env);
    expect(writtenOptions(root).map(({ path }) => formatPath(path))).toEqual(
      expect.arrayContaining(['health.file[0].file', 'health.file[1].file']),
    );
  });

  it('an index beyond the length of a list is an error', () => {
    expect(() => load({ REGISTRY_HEALTH_FILECHECKERS_1_FILE: '/b' })).toThrow(
      'REGISTRY_HEALTH_FILECHECKERS_1_FILE: "1" is too large: the list has 0',
    );
  });

  it('an index that is no number is an error', () => {
    expect(() => load({ REGISTRY_HEALTH_FILECHECKERS_FIRST_FILE: '/b' })).toThrow(
      '"FIRST" is not the number',
    );
  });

  it('values are YAML: a section, a list, a number, quotes', () => {
    expect(config({ REGISTRY_HTTP: '{addr: ":5001", headers: {X-A: [b]}}' }).http).toMatchObject({
      addr: ':5001',
      headers: { 'X-A': ['b'] },
    });
    expect(config({ REGISTRY_CATALOG_MAXENTRIES: '0x10' }).catalog.maxEntries).toBe(16);
    expect(config({ REGISTRY_HTTP_ADDR: '":5001"' }).http.addr).toBe(':5001');
  });

  it('a whole kind of authentication fits into one variable', () => {
    const value = '{token: {realm: r, service: s, issuer: i, rootcertbundle: /b.pem}}';
    expect(config({ REGISTRY_AUTH: value }).auth).toMatchObject({ kind: 'token', rootCertBundle: '/b.pem' });
    expect(keysOf('REGISTRY_AUTH', '{htpasswd: {realm: x, path: y}}')).toEqual([
      'auth.htpasswd.realm',
      'auth.htpasswd.path',
    ]);
  });

  it('a quoted number is a number for no field that wants one', () => {
    expect(() => load({ REGISTRY_CATALOG_MAXENTRIES: '"5"' })).toThrow('must be a whole number, not "5"');
  });

  it('a quoted "true" is an error, where registry:2 takes it for false', () => {
    expect(() => load({ REGISTRY_STORAGE_DELETE_ENABLED: '"true"' })).toThrow('without quotes');
  });

  it('variables apply in the order of their names: a section is replaced before it is added to', () => {
    const env = { REGISTRY_STORAGE_INMEMORY: '{}', REGISTRY_STORAGE: '{cache: {blobdescriptor: inmemory}}' };
    const { storage } = config(env);
    expect([storage.isTemporary, storage.deleteEnabled]).toEqual([true, false]);
  });

  it('the version cannot be overridden', () => {
    expect(load({ REGISTRY_VERSION: '0.2' }).notices).toEqual([
      "REGISTRY_VERSION has no effect: the version is the file's own",
    ]);
    expect(() => load({ REGISTRY_VERSION: '0.1' }, FILE.replace('version: 0.1\n', ''))).toThrow(
      '"version" is required',
    );
  });

  it('unknown variables are ignored with a warning', () => {
    expect(load({ REGISTRY_HTTP_ADDRESS: ':1' }).notices).toEqual([
      'Ignoring unrecognized environment variable REGISTRY_HTTP_ADDRESS',
    ]);
  });

  it('REGISTRY_CONFIGURATION_PATH is no unknown variable', () => {
    expect(load({ REGISTRY_CONFIGURATION_PATH: '/x' }).notices).toEqual([]);
  });

  it('two storage drivers are an error that says how to replace the one of the file', () => {
    expect(() => load({ REGISTRY_STORAGE_S3_BUCKET: 'b' })).toThrow(
      /exactly one driver and has filesystem and s3.*set REGISTRY_STORAGE=s3/,
    );
    expect(config({ REGISTRY_STORAGE: 'inmemory' }).storage.isTemporary).toBe(true);
  });

  it('parameters of drivers are maps: a name that is no parameter makes a key, and an error', () => {
    expect(() => load({ REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTROY: '/x' })).toThrow(
      'unknown key "rootdirectroy" under "storage.filesystem"; did you mean "rootdirectory"?',
    );
  });

  it('maintenance takes single variables and a map (the originals ignore the former, or do not start)', () => {
    expect(config({ REGISTRY_STORAGE_MAINTENANCE_READONLY: '{enabled: true}' }).storage.readOnly).toBe(true);
    expect(config({ REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED: 'true' }).storage.readOnly).toBe(true);
    const env = { REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING_ENABLED: 'false' };
    expect(config(env).storage.uploadPurging.enabled).toBe(false);
  });

  it('an empty variable leaves a value at its default', () => {
    expect(config({ REGISTRY_LOG_LEVEL: '', REGISTRY_STORAGE_CACHE_BLOBDESCRIPTOR: '' }).log.level).toBe(
      'info',
    );
  });

  it('an empty REGISTRY_AUTH is an error, where registry:2 opens the registry to everybody', () => {
    expect(() => load({ REGISTRY_AUTH: '' })).toThrow('write auth: none if it shall be');
  });

  it('variables of a Kubernetes Service called registry are ignored; below a map they are an error', () => {
    expect(ignored({ REGISTRY_PORT: 'tcp://10.0.0.1:5000', REGISTRY_SERVICE_HOST: '10.0.0.1' })).toHaveLength(
      2,
    );
    expect(() => load({ REGISTRY_AUTH_PORT: 'tcp://10.0.0.1:5001' })).toThrow(
      'set enableServiceLinks: false',
    );
  });
});
