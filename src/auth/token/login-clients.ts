/**
 * Programs that read the password file of docker (`~/.docker/config.json`) and so come with a refresh token that
 * `docker login` asked for, by the `client_id` that they send: dockerd, BuildKit, containerd and nerdctl, podman and
 * skopeo, crane, ORAS and Helm, regctl.
 */
const READERS_OF_DOCKERS_FILE: ReadonlySet<string> = new Set([
  'docker',
  'buildkit-client',
  'containerd-client',
  'containers/image',
  'go-containerregistry',
  'oras-go',
  'regclient',
]);

/** Whether a login that one program began may be gone on with by another. */
export function mayShareLogin(beganBy: string, usedBy: string): boolean {
  return beganBy === usedBy || (READERS_OF_DOCKERS_FILE.has(beganBy) && READERS_OF_DOCKERS_FILE.has(usedBy));
}
