import { RememberedProvider } from '../../auth/identity/remembered.ts';
import { RememberedAuthorizer } from '../../auth/remembered-authorizer.ts';
import type { ProgramSettings } from '../../config/program-schema.ts';
import type { Program } from '../../external/program.ts';
import { remembering, ruleName } from './outside.ts';
import type { AccessBuilder, BackendDependencies, IdentityBuilder } from './parts.ts';

/**
 * docker_auth's `ext_auth`.
 * @throws ConfigError where there is no such program
 */
export const extAuth: IdentityBuilder = async ({ ext_auth: settings }, deps) => {
  if (settings === undefined) return undefined;
  const { ExtAuth } = await import('../../external/ext-auth.ts');
  const provider = new ExtAuth(await programOf('ext_auth', settings, deps));
  return { provider: new RememberedProvider(provider, deps.clock, remembering(settings)) };
};

/**
 * docker_auth's `ext_authz`.
 * @throws ConfigError where there is no such program
 */
export const extAuthz: AccessBuilder = async ({ ext_authz: settings }, deps) => {
  if (settings === undefined) return undefined;
  const { ExtAuthz } = await import('../../external/ext-authz.ts');
  const program = await programOf('ext_authz', settings, deps);
  const rules = new ExtAuthz(program, ruleName('ext_authz', deps));
  return { authorizer: new RememberedAuthorizer(rules, deps.clock, settings.cacheMs) };
};

async function programOf(
  section: 'ext_auth' | 'ext_authz',
  settings: ProgramSettings,
  { document, log }: BackendDependencies,
): Promise<Program> {
  const [{ Program }, { findCommand }, { outsideEnvironment }] = await Promise.all([
    import('../../external/program.ts'),
    import('../../external/find-command.ts'),
    import('../../external/environment.ts'),
  ]);
  const command = findCommand(settings.command, process.env['PATH'] ?? '');
  if (command === undefined) {
    const where = settings.command.includes('/') ? '' : ' in PATH';
    throw document.errorAt(
      [section, 'command'],
      `there is no program ${settings.command}${where} that may be run; write its path, and make it executable (chmod +x)`,
    );
  }
  log.info('a program is asked', { section, command });
  const env = outsideEnvironment(process.env);
  return new Program({ ...settings, name: section, command, env, log });
}
