/** Who may import whom. Dependencies point inwards, and only cli/ sees everything. */

const allowed = {
  oci: [],
  errors: ['oci'],
  ip: [],
  metrics: [],
  pattern: [],
  policy: ['oci', 'pattern'],
  ports: ['oci', 'metrics'],
  content: ['oci', 'errors', 'ports'],
  index: ['oci', 'errors', 'ports', 'pattern'],
  registry: ['oci', 'errors', 'ports', 'pattern', 'policy', 'content', 'index'],
  auth: ['oci', 'errors', 'ip', 'pattern', 'ports', 'index'],
  external: ['oci', 'ip', 'pattern', 'ports', 'auth'],
  lifecycle: ['oci', 'errors', 'ports', 'pattern', 'policy', 'content', 'index', 'registry'],
  events: ['oci', 'errors', 'ports', 'index'],
  health: ['ports'],
  config: ['errors', 'oci', 'auth', 'ip', 'pattern', 'policy'],
  databases: ['oci', 'auth', 'ports', 'config/dsn', 'config/secret', 'config/mongo-schema'],
  http: ['oci', 'errors', 'ip', 'ports', 'registry', 'auth', 'lifecycle'],
  observe: ['ports', 'metrics', 'content', 'index'],
  acme: ['ports'],
};

const modules = Object.keys(allowed);

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'A cycle means that two files are one subject, or that a dependency points outwards.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      comment: 'A file that nothing imports is dead.',
      from: { orphan: true, pathNot: ['\\.test\\.ts$', '^src/cli/main\\.ts$', '-thread\\.ts$'] },
      to: {},
    },
    {
      name: 'adapters-are-wired-in-one-place',
      severity: 'error',
      comment: 'Only src/cli constructs adapters; everything else knows their ports.',
      from: {
        path: '^src/',
        pathNot: [
          '^src/cli/',
          '^src/content/fs/',
          '^src/databases/',
          '^src/external/',
          '^src/index/sqlite/',
          '^src/observe/',
          '\\.test\\.ts$',
        ],
      },
      to: {
        path: [
          '^src/content/fs/',
          '^src/databases/',
          '^src/external/',
          '^src/index/sqlite/',
          '^src/observe/',
        ],
      },
    },
    {
      name: 'oci-is-pure',
      severity: 'error',
      comment: 'Values of the specifications do no I/O and need no package.',
      from: { path: '^src/oci/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypesNot: ['local'], pathNot: '^(node:)?crypto$' },
    },
    ...modules.map((name) => ({
      name: `${name}-imports`,
      severity: 'error',
      comment: `${name} may import: ${allowed[name].join(', ') || 'nothing of ours'}`,
      from: { path: `^src/${name}(/|\\.ts$)`, pathNot: '\\.test\\.ts$' },
      to: {
        path: '^src/',
        pathNot: [name, ...allowed[name]].map((m) => `^src/${m}(/|\\.ts$)`),
      },
    })),
    {
      name: 'config-knows-no-connections',
      severity: 'error',
      comment: 'Configuration is text that becomes settings; it may read the files that it is told to read.',
      from: { path: '^src/config/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(node:)?(http|https|http2|net|tls|dgram|dns|child_process|worker_threads)$' },
    },
    {
      name: 'no-import-from-tests',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(test|bench)/' },
    },
    {
      name: 'no-undeclared-packages',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js'], conditionNames: ['node', 'import'] },
  },
};
