import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { RememberedProvider } from '../../auth/identity/remembered.ts';
import { RememberedAuthorizer } from '../../auth/remembered-authorizer.ts';
import type { PluginSettings } from '../../config/plugin-schema.ts';
import type { Plugin } from '../../external/plugin/plugin.ts';
import type { PluginFunction } from '../../external/plugin/protocol.ts';
import { reasonOf } from '../failure.ts';
import { remembering, ruleName } from './outside.ts';
import type { AccessBuilder, BackendDependencies, IdentityBuilder } from './parts.ts';

/**
 * docker_auth's `plugin_authn`, with a JavaScript module.
 * @throws ConfigError where it cannot be used
 */
export const pluginAuthn: IdentityBuilder = async ({ plugin_authn: settings }, deps) => {
  if (settings === undefined) return undefined;
  const { AskedProvider } = await import('../../external/asked.ts');
  const provider = new AskedProvider(await pluginOf('plugin_authn', 'authenticate', settings, deps));
  return { provider: new RememberedProvider(provider, deps.clock, remembering(settings)) };
};

/**
 * docker_auth's `plugin_authz`, with a JavaScript module.
 * @throws ConfigError where it cannot be used
 */
export const pluginAuthz: AccessBuilder = async ({ plugin_authz: settings }, deps) => {
  if (settings === undefined) return undefined;
  const { AskedAuthorizer } = await import('../../external/asked.ts');
  const plugin = await pluginOf('plugin_authz', 'authorize', settings, deps);
  const rules = new AskedAuthorizer(plugin, ruleName('plugin_authz', deps));
  return { authorizer: new RememberedAuthorizer(rules, deps.clock, settings.cacheMs) };
};

async function pluginOf(
  section: 'plugin_authn' | 'plugin_authz',
  name: PluginFunction,
  settings: PluginSettings,
  { document, log }: BackendDependencies,
): Promise<Plugin> {
  const [{ Plugin }, { PluginFault }, { outsideEnvironment }] = await Promise.all([
    import('../../external/plugin/plugin.ts'),
    import('../../external/plugin/thread.ts'),
    import('../../external/environment.ts'),
  ]);
  const path = resolve(settings.path);
  const wrong = (reason: string) =>
    document.errorAt([section, 'plugin_path'], `${settings.path} cannot be used: ${reason}`);
  try {
    statSync(path);
  } catch (error) {
    throw wrong(reasonOf(error));
  }
  const env = outsideEnvironment(process.env);
  try {
    return await Plugin.load({ ...settings, ...{ path, env, log, name: section, function: name } });
  } catch (error) {
    if (error instanceof PluginFault) throw wrong(error.message);
    throw error;
  }
}
