const CARRIER = 'BERTH_ODD_VARIABLES';

/**
 * Puts variables back that the shell of `bin/berth` cannot pass on, since their names have other characters than
 * letters, digits and `_`: `registry:2` takes `REGISTRY_HTTP_HEADERS_X-FRAME-OPTIONS`. They come in one variable, a line
 * each; of a value with several lines only the first one comes.
 */
export function restoreOddVariables(env: NodeJS.ProcessEnv): void {
  for (const line of (env[CARRIER] ?? '').split('\n')) {
    const end = line.indexOf('=');
    if (end > 0) env[line.slice(0, end)] ??= line.slice(end + 1);
  }
  delete env[CARRIER];
}
