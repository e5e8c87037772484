import type { Client } from './client.ts';
import { docker } from './docker.ts';
import { podman } from './podman.ts';
import { skopeo } from './skopeo.ts';

export const CLIENT_NAMES = ['docker', 'podman', 'skopeo', 'buildah'] as const;
export type ClientName = (typeof CLIENT_NAMES)[number];

/** A new client of that name: not logged in, nothing stored. */
export function newClient(name: ClientName, dockerHost: string): Client {
  if (name === 'docker') return docker(dockerHost);
  if (name === 'skopeo') return skopeo();
  return podman(name);
}
