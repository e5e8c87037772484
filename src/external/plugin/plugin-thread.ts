import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { printable } from '../printable.ts';
import type { PluginMessage, PluginRequest, PluginStart } from './protocol.ts';

/** One plugin, in a thread of its own: what it does cannot stop the server. */

const port = parentPort;
if (port === null) throw new Error('this file runs as the thread of a plugin');
const { path, name } = workerData as PluginStart;

const post = (message: PluginMessage): void => port.postMessage(message);
/** The password of the question under way, or of the last one: a plugin may still be printing about it. */
let secret: string | undefined;
const shown = (text: string): string => printable(text, secret === undefined ? [] : [secret]);

const output = new Writable({
  decodeStrings: false,
  write(text: string, _, done) {
    post({ printed: shown(text) });
    done();
  },
});
globalThis.console = new Console({ stdout: output, stderr: output });

/** The module's function of that name; undefined where it has none. A CommonJS module has them in its default. */
function functionOf(module: Readonly<Record<string, unknown>>, wanted: string) {
  for (const place of [module, module['default']]) {
    const found = typeof place === 'object' && place !== null ? Reflect.get(place, wanted) : undefined;
    if (typeof found === 'function')
      return (...args: unknown[]): unknown => Reflect.apply(found, place, args);
  }
  return undefined;
}

/** A message is what the plugin's author wrote to be read; it could still repeat what was asked. */
function wordsOf(error: unknown): string {
  return shown(error instanceof Error ? `${error.name}: ${error.message}` : 'something that is no Error');
}

async function start(): Promise<void> {
  const module = (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  const ask = functionOf(module, name);
  if (ask === undefined) return post({ unusable: `it exports no function "${name}"` });
  const close = functionOf(module, 'close');
  const lookup = name === 'authenticate' ? functionOf(module, 'lookup') : undefined;

  async function answer({ question, kind }: Extract<PluginRequest, { question: unknown }>): Promise<void> {
    let given: unknown;
    try {
      given = await (kind === 'lookup' ? lookup : ask)?.(question);
    } catch (error) {
      return post({ fault: `it threw ${wordsOf(error)}` });
    }
    try {
      return post({ answer: given });
    } catch {
      return post({ fault: 'the answer is no plain data' });
    }
  }

  async function end(): Promise<void> {
    try {
      await close?.();
    } catch (error) {
      post({ printed: `close threw ${wordsOf(error)}` });
    }
    post({ closed: true });
  }

  port?.on('message', (request: PluginRequest) => {
    if ('close' in request) {
      void end();
      return;
    }
    secret = request.secret;
    void answer(request);
  });
  return post({ ready: true, hasLookup: lookup !== undefined });
}

// A promise that the plugin forgot, or an exception in one of its timers, fails no request and does not end the thread.
process.on('unhandledRejection', (error) => post({ printed: `a promise was rejected: ${wordsOf(error)}` }));
process.on('uncaughtException', (error) => post({ printed: `an exception was thrown: ${wordsOf(error)}` }));

start().catch((error: unknown) => post({ unusable: `it cannot be loaded: ${wordsOf(error)}` }));
