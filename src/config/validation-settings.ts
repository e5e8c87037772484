/** What pushed manifests must fulfil (distribution's `validation`). */
export interface ValidationSettings {
  /** Whose children of an index must be there when it is pushed. */
  readonly platforms: 'all' | 'none' | readonly { readonly architecture: string; readonly os: string }[];
  /** Whether config and layers of an image must be there when it is pushed. */
  readonly blobs: 'all' | 'none';
  /** Regexes in Go's syntax for the addresses of layers; undefined: each address is taken. */
  readonly urls: { readonly allow: readonly string[]; readonly deny: readonly string[] } | undefined;
}
