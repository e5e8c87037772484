import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { authSchema } from '../../src/config/docker-auth-schema.ts';
import { registrySchema } from '../../src/config/registry-schema.ts';
import { ERRORS } from '../../src/errors.ts';
import { describeRoutes } from '../../src/http/v2/routes.ts';
import { METRICS } from '../../src/metrics.ts';
import { apiPage } from './api-page.ts';
import { page, table } from './markdown.ts';
import { schemaTable, variableTable } from './schema-table.ts';

const root = new URL('../..', import.meta.url);

function help(...args: string[]): string {
  const text = execFileSync('bin/berth', [...args, '--help'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, COLUMNS: '100' },
  });
  return `## berth ${args.join(' ')}`.trimEnd().concat(`\n\n\`\`\`text\n${text.trimEnd()}\n\`\`\``);
}

/** The generated pages of docs/reference/ by their names. */
export const PAGES: Readonly<Record<string, () => string>> = {
  'errors.md': () =>
    page(
      'Errors',
      'Refusals of the registry API have the body `{"errors": [{"code", "message", "detail"}]}`. The message is more exact than the one listed here wherever the server knows more.',
      table(
        ['code', 'status', 'message', 'when'],
        Object.values(ERRORS).map(({ code, status, message, description }) => [
          `\`${code}\``,
          String(status),
          message,
          description,
        ]),
      ),
    ),
  'routes.md': () =>
    page(
      'Routes of the registry API',
      'What a token has to grant stands behind each method. `*` among the granted actions grants all.',
      table(
        ['path', 'method', 'needs'],
        describeRoutes().map(({ path, method, needs }) => [`\`${path}\``, method, needs]),
      ),
    ),
  'api.md': () => apiPage(),
  'metrics.md': () =>
    page(
      'Metrics',
      "Served in the Prometheus text format at the debug address, `/metrics`, where `http.debug.prometheus.enabled` is set (`berth auth`: `debug.prometheus.enabled`). Names that begin with `registry_` are distribution's. Beside these there are the usual numbers of the process (`process_*`) and of Node (`nodejs_*`, with the lag of the event loop and garbage collection). `handler` is a route: `base` (`/v2/`), `manifest`, `blob`, `blob_upload`, `blob_upload_chunk`, `tags`, `catalog`, as in distribution, and `referrers`, `tag-history`, `extensions`, `repository-extensions`, `token` and `api` (the admin API).",
      table(
        ['name', 'type', 'labels', 'meaning'],
        Object.entries(METRICS).map(([name, { type, labels, help: meaning }]) => [
          `\`${name}\``,
          type,
          labels.map((label) => `\`${label}\``).join(', '),
          meaning,
        ]),
      ),
    ),
  'configuration.md': () =>
    page(
      "Configuration of the registry: distribution's config.yml",
      'Environment variables change every key, by the rule in [Environment](environment.md). "Beside the original" is how a key stands to registry:2 and registry:3; `berth check-config` says the same of those that a configuration has. Without a file, `berth serve` starts from `http.addr: 127.0.0.1:5000`, `storage.filesystem.rootdirectory: ./data`, `storage.delete.enabled: true` and `auth.builtin`.',
      schemaTable(registrySchema, true),
    ),
  'environment.md': () =>
    page(
      'Environment',
      readFileSync(new URL('environment.md', import.meta.url), 'utf8').trimEnd(),
      variableTable(registrySchema),
      '`scripts/reference/environment.md`',
    ),
  'auth-configuration.md': () =>
    page(
      "Configuration of the token service: docker_auth's YAML",
      'The same `users`, `acl` and `token` stand under `auth.builtin` in the configuration of the registry.',
      schemaTable(authSchema, false),
    ),
  'command-line.md': () =>
    page(
      'Command line',
      'In a checkout the command is `bin/berth`.',
      [
        [],
        ['serve'],
        ['check-config'],
        ['auth'],
        ['garbage-collect'],
        ['usage'],
        ['deleted'],
        ['undelete'],
        ['explain'],
        ['explain', 'blob'],
        ['explain', 'manifest'],
        ['explain', 'tag'],
        ['user'],
        ['user', 'add'],
        ['user', 'passwd'],
        ['user', 'remove'],
        ['user', 'list'],
        ['events'],
        ['events', 'list'],
        ['events', 'replay'],
      ]
        .map((args) => help(...args))
        .join('\n\n'),
    ),
};
