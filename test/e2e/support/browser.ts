import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { folder } from './root.ts';
import { cleanEnvironment } from './run.ts';

/** A page of a real browser. */
export interface Browser {
  /** Goes to an address and waits until it is there, after every redirect. */
  goto(url: string): Promise<void>;
  /** What an expression gives on the page. */
  evaluate<T>(expression: string): Promise<T>;
  /** Waits until an expression is true on the page. */
  until(expression: string): Promise<void>;
  /** Types into a field. */
  fill(selector: string, text: string): Promise<void>;
  /** Clicks, and waits for the page that comes of it. */
  follow(selector: string): Promise<void>;
  url(): Promise<string>;
  text(): Promise<string>;
  /** What the browser complained about, such as a breach of the content security policy. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/**
 * Debian's Chromium without a screen, driven by its own protocol (CDP).
 * @param more further arguments
 */
export async function openBrowser(more: readonly string[] = []): Promise<Browser> {
  const child = spawn(
    '/usr/bin/chromium',
    [
      ...['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'],
      ...['--disable-background-networking', '--no-proxy-server', '--remote-debugging-port=0'],
      ...more,
      ...[`--user-data-dir=${folder('chromium')}`, 'about:blank'],
    ],
    { env: cleanEnvironment(), stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const address = await new Promise<string>((resolve, reject) => {
    let printed = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      const match = /DevTools listening on (ws:\S+)/.exec(printed);
      if (match?.[1] !== undefined) resolve(match[1]);
    });
    child.once('exit', () => reject(new Error(`chromium ended: ${printed}`)));
  });
  const socket = new WebSocket(address);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true });
    socket.addEventListener('error', reject, { once: true });
  });
  const waiting = new Map<number, (message: Message) => void>();
  const complaints: string[] = [];
  let loads = 0;
  socket.addEventListener('message', ({ data }) => {
    const message: Message = JSON.parse(String(data));
    if (message.id !== undefined) waiting.get(message.id)?.(message);
    if (message.method === 'Page.loadEventFired') loads += 1;
    if (message.method === 'Log.entryAdded') complaints.push(JSON.stringify(message.params?.['entry']));
  });
  let lastId = 0;
  let sessionId: string | undefined;
  const send = (method: string, params: object = {}): Promise<Record<string, unknown>> => {
    lastId += 1;
    const id = lastId;
    return new Promise((resolve, reject) => {
      waiting.set(id, ({ result, error }) => {
        waiting.delete(id);
        if (error === undefined) resolve(result ?? {});
        else reject(new Error(`${method}: ${error.message}`));
      });
      socket.send(JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) }));
    });
  };
  const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
  const attached = await send('Target.attachToTarget', { targetId, flatten: true });
  sessionId = String(attached['sessionId']);
  await Promise.all([send('Page.enable'), send('Runtime.enable'), send('Log.enable')]);

  const loaded = async (action: () => Promise<unknown>): Promise<void> => {
    const before = loads;
    await action();
    const end = Date.now() + 20_000;
    while (loads === before) {
      if (Date.now() > end) throw new Error(`no page came; the browser is at ${await browser.url()}`);
      await sleep(20);
    }
  };
  const browser: Browser = {
    complaints,
    goto: (url) => loaded(() => send('Page.navigate', { url })),
    async evaluate<T>(expression: string): Promise<T> {
      const answer = await send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true });
      const { result, exceptionDetails } = answer as { result: { value: T }; exceptionDetails?: object };
      if (exceptionDetails !== undefined)
        throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
      return result.value;
    },
    async until(expression) {
      const end = Date.now() + 20_000;
      while (!(await browser.evaluate<boolean>(`Boolean(${expression})`).catch(() => false))) {
        if (Date.now() > end) {
          throw new Error(`never true: ${expression}; at ${await browser.url()}:\n${await browser.text()}`);
        }
        await sleep(30);
      }
    },
    async fill(selector, text) {
      const field = `document.querySelector(${JSON.stringify(selector)})`;
      await browser.evaluate(`${field}.value = ${JSON.stringify(text)}`);
    },
    follow: (selector) =>
      loaded(() => browser.evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`)),
    url: () => browser.evaluate<string>('location.href'),
    text: () => browser.evaluate<string>('document.body.innerText'),
    async close() {
      socket.close();
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await ended;
      clearTimeout(late);
    },
  };
  return browser;
}
