/**
 * Loaded into a real server before anything else (`node --import`): stands between the content store and the system,
 * makes the calls fail that it is told to, and writes down what would survive a loss of power.
 */
import { randomUUID } from 'node:crypto';
import { appendFileSync, constants, linkSync, mkdirSync, promises, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename, join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { type Call, type Fault, INJECTION_VARIABLE, type Injection, type JournalEntry } from './faults.ts';

const DELAY_MS = 150;

type AnyFunction = (...args: never[]) => Promise<unknown>;

class InjectedError extends Error {
  readonly code: string;
  readonly syscall: string;

  constructor(code: string, call: string, path: string) {
    super(`${code}: injected into ${call}, '${path}'`);
    this.code = code;
    this.syscall = call;
  }
}

type Unstamped = JournalEntry extends infer E ? (E extends JournalEntry ? Omit<E, 'at'> : never) : never;

function inject(told: Injection): void {
  const content = join(told.root, 'content');
  const isContent = (path: unknown): path is string =>
    typeof path === 'string' && (path === content || path.startsWith(`${content}/`));
  mkdirSync(told.graveyard, { recursive: true });

  const now = (): string => String(process.hrtime.bigint());
  const note = (entry: Unstamped, at = now()): void =>
    appendFileSync(told.journal, `${JSON.stringify({ at, ...entry })}\n`);

  const waiting = told.faults.map((fault) => ({ ...fault }));
  /** The next fault for this call, if its turn has come. */
  const due = (call: Call): Fault | undefined => {
    const first = waiting.find((fault) => fault.call === call);
    if (first === undefined) return undefined;
    if (first.skip > 0) {
      first.skip -= 1;
      return undefined;
    }
    waiting.splice(waiting.indexOf(first), 1);
    return first;
  };
  /** @returns the fault where the caller has to make it: a short read or write */
  const suffer = async (call: Call, path: string): Promise<'short' | undefined> => {
    const fault = due(call);
    if (fault === undefined) return undefined;
    appendFileSync(told.log, `${call} ${fault.fault} ${path.slice(told.root.length + 1)}\n`);
    if (fault.fault === 'short') return 'short';
    if (fault.fault !== 'delay') throw new InjectedError(fault.fault, call, path);
    await new Promise((resolve) => setTimeout(resolve, DELAY_MS));
    return undefined;
  };

  const real = { ...promises };
  /** Paths of open handles, and how much of each file is written in one piece from its beginning. */
  const handles = new WeakMap<object, { path: string; written: number }>();
  const replace = (name: string, wrap: (original: AnyFunction) => AnyFunction): void => {
    const original = Reflect.get(real, name) as AnyFunction;
    Reflect.set(promises, name, wrap(original));
  };

  replace('open', () => async (path: string, flags?: string | number, mode?: number) => {
    if (!isContent(path) && path !== told.root) return real.open(path, flags, mode);
    const isNew = typeof flags === 'number' && (flags & constants.O_CREAT) !== 0;
    await suffer(isNew ? 'create' : 'open', path);
    const file = await real.open(path, flags, mode);
    handles.set(file, { path, written: 0 });
    // Not of the class, but of each handle.
    const close = file.close;
    file.close = async () => {
      // The system lets go of the file also where it reports an error.
      await close();
      await suffer('close', path);
    };
    if (isNew) note({ op: 'create', path });
    return file;
  });
  replace('mkdir', () => async (path: string, options: object) => {
    if (isContent(path)) await suffer('mkdir', path);
    const began = now();
    const made = await real.mkdir(path, options);
    if (isContent(path) && made !== undefined) note({ op: 'mkdir', path }, began);
    return made;
  });
  for (const call of ['stat', 'access'] as const) {
    replace(call, (original) => async (path: string, ...rest: never[]) => {
      if (isContent(path)) await suffer(call, path);
      return Reflect.apply(original, promises, [path, ...rest]);
    });
  }
  replace('rm', () => async (path: string, options: object) => {
    if (!isContent(path)) return real.rm(path, options);
    await suffer('remove', path);
    const kept = join(told.graveyard, `${randomUUID()}-${basename(path)}`);
    try {
      linkSync(path, kept);
    } catch {
      return real.rm(path, options);
    }
    const began = now();
    try {
      await real.rm(path, options);
    } catch (error) {
      rmSync(kept);
      throw error;
    }
    note({ op: 'remove', path, kept }, began);
    return undefined;
  });

  const wrapHandle = (
    prototype: object,
    name: string,
    wrap: (original: AnyFunction) => AnyFunction,
  ): void => {
    Reflect.set(prototype, name, wrap(Reflect.get(prototype, name) as AnyFunction));
  };
  const wrapHandles = (prototype: object): void => {
    for (const name of ['datasync', 'sync'] as const) {
      wrapHandle(
        prototype,
        name,
        (original) =>
          async function (this: object) {
            const known = handles.get(this);
            if (known === undefined) return Reflect.apply(original, this, []);
            const isFolder = name === 'sync';
            const began = now();
            const size = known.written;
            await suffer(isFolder ? 'syncfolder' : 'datasync', known.path);
            await Reflect.apply(original, this, []);
            if (isFolder) note({ op: 'syncfolder', path: known.path }, began);
            else note({ op: 'sync', path: known.path, size }, began);
            return undefined;
          },
      );
    }
    wrapHandle(
      prototype,
      'write',
      (original) =>
        async function (this: object, bytes: Uint8Array, offset: number, length: number, position: number) {
          const known = handles.get(this);
          const isShort = known !== undefined && (await suffer('write', known.path)) === 'short';
          const asked = isShort && length > 1 ? Math.ceil(length / 2) : length;
          const result = (await Reflect.apply(original, this, [bytes, offset, asked, position] as never)) as {
            bytesWritten: number;
          };
          if (known !== undefined && position <= known.written) {
            known.written = Math.max(known.written, position + result.bytesWritten);
          }
          return result;
        },
    );
    wrapHandle(
      prototype,
      'read',
      (original) =>
        async function (this: object, ...args: unknown[]) {
          const known = handles.get(this);
          const isShort = known !== undefined && (await suffer('read', known.path)) === 'short';
          const [buffer, offset, length, position] = args;
          const asked = isShort && typeof length === 'number' && length > 1 ? Math.ceil(length / 2) : length;
          return Reflect.apply(original, this, [buffer, offset, asked, position] as never);
        },
    );
  };
  syncBuiltinESMExports();
  // The class of file handles is to be had from a handle only.
  const opening = real.open('/dev/null', 'r').then(async (file) => {
    wrapHandles(Object.getPrototypeOf(file) as object);
    await file.close();
  });
  ready.push(opening);
}

const ready: Promise<void>[] = [];
const told = process.env[INJECTION_VARIABLE];
// The thread that writes to the index has no content.
if (told !== undefined && isMainThread) inject(JSON.parse(told) as Injection);
await Promise.all(ready);
