/** What a plugin exports to be asked. */
export type PluginFunction = 'authenticate' | 'authorize';

/** What its thread is started with. */
export interface PluginStart {
  /** An absolute path. */
  readonly path: string;
  readonly name: PluginFunction;
}

/** To the thread: one question at a time. */
export type PluginRequest =
  | { readonly question: unknown; readonly secret: string | undefined }
  | { readonly close: true };

/** From the thread. */
export type PluginMessage =
  | { readonly ready: true }
  /** The module cannot be used. */
  | { readonly unusable: string }
  | { readonly answer: unknown }
  | { readonly fault: string }
  /** What the plugin printed. */
  | { readonly printed: string }
  | { readonly closed: true };
