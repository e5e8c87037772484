/** What a plugin exports to be asked. */
export type PluginFunction = 'authenticate' | 'authorize';

/** What a question is for: the function that has to be there, or the one that goes with `authenticate` and may be. */
export type PluginQuestion = 'asked' | 'lookup';

/** What its thread is started with. */
export interface PluginStart {
  /** An absolute path. */
  readonly path: string;
  readonly name: PluginFunction;
}

/** To the thread: one question at a time. */
export type PluginRequest =
  | { readonly question: unknown; readonly secret: string | undefined; readonly kind: PluginQuestion }
  | { readonly close: true };

/** From the thread. */
export type PluginMessage =
  | { readonly ready: true; readonly hasLookup: boolean }
  /** The module cannot be used. */
  | { readonly unusable: string }
  | { readonly answer: unknown }
  | { readonly fault: string }
  /** What the plugin printed. */
  | { readonly printed: string }
  | { readonly closed: true };
