import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { descriptor, digestOf, OCI_CONFIG, OCI_IMAGE, OCI_LAYER } from './oci-content.ts';

/** Writes what registry:2 writes, file by file (distribution, registry/storage/paths.go). */
export class OriginalFolder {
  /** `docker/registry/v2` of the data folder. */
  readonly root: string;

  constructor(dataFolder: string) {
    this.root = join(dataFolder, 'docker/registry/v2');
    for (const part of ['blobs', 'repositories']) mkdirSync(join(this.root, part), { recursive: true });
  }

  /** Writes any file. @param atMs when it was written, where that matters */
  file(path: string, content: Uint8Array | string, atMs?: number): string {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    if (atMs !== undefined) utimesSync(file, atMs / 1000, atMs / 1000);
    return file;
  }

  /** Where the bytes of a digest are, below the root. */
  static pathOf(digest: string): string {
    const [algorithm = '', hex = ''] = digest.split(':');
    return `blobs/${algorithm}/${hex.slice(0, 2)}/${hex}/data`;
  }

  /** Writes bytes, which belong to no repository yet. @returns their digest */
  bytes(content: Uint8Array | string): string {
    const digest = digestOf(content);
    this.file(OriginalFolder.pathOf(digest), content);
    return digest;
  }

  layerLink(repository: string, digest: string, atMs?: number): string {
    return this.file(`repositories/${repository}/_layers/${digest.replace(':', '/')}/link`, digest, atMs);
  }

  revisionLink(repository: string, digest: string, atMs?: number): string {
    const path = `repositories/${repository}/_manifests/revisions/${digest.replace(':', '/')}/link`;
    return this.file(path, digest, atMs);
  }

  /** Moves a tag, as a push does. */
  tag(repository: string, tag: string, digest: string, atMs?: number): void {
    const folder = `repositories/${repository}/_manifests/tags/${tag}`;
    this.file(`${folder}/index/${digest.replace(':', '/')}/link`, digest, atMs);
    this.file(`${folder}/current/link`, digest, atMs);
  }

  /** A blob of a repository. */
  blob(repository: string, content: Uint8Array | string, atMs?: number): string {
    const digest = this.bytes(content);
    this.layerLink(repository, digest, atMs);
    return digest;
  }

  /** A manifest of a repository, untagged. */
  manifest(repository: string, document: unknown, atMs?: number): string {
    const digest = this.bytes(typeof document === 'string' ? document : JSON.stringify(document));
    this.revisionLink(repository, digest, atMs);
    return digest;
  }

  /** An image of a config and layers. @returns its digest, and those of the layers */
  image(
    repository: string,
    layers: readonly string[],
    { tag, atMs, config = '{}' }: { tag?: string; atMs?: number; config?: string } = {},
  ): { digest: string; layers: string[]; config: string } {
    for (const content of [config, ...layers]) this.blob(repository, content, atMs);
    const document = {
      schemaVersion: 2,
      mediaType: OCI_IMAGE,
      config: descriptor(config, OCI_CONFIG),
      layers: layers.map((layer) => descriptor(layer, OCI_LAYER)),
    };
    const digest = this.manifest(repository, document, atMs);
    if (tag !== undefined) this.tag(repository, tag, digest, atMs);
    return { digest, layers: layers.map((layer) => digestOf(layer)), config: digestOf(config) };
  }
}
