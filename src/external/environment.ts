/** Settings and secrets of Berth itself, and what systemd tells it alone. */
const OWN = /^(BERTH_|REGISTRY_|LISTEN_(FDS|PID|FDNAMES)$|NOTIFY_SOCKET$|WATCHDOG_)/i;

/**
 * What a program or plugin sees of Berth's environment: all of it, as with docker_auth, save Berth's own variables,
 * in which passwords and keys may stand.
 */
export function outsideEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !OWN.test(name)));
}
