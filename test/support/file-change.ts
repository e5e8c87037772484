import { renameSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, vi } from 'vitest';
import type { FrontDoor } from './front-door.ts';

const LOOK_INTERVAL_MS = 1_000;

/** In tests that call this, watched files are looked at when `changeFile` says so, and not by themselves. */
export function stopWatching(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
}

/** Replaces a file as careful programs do, and returns when the registry has taken the change over, or refused it. */
export async function changeFile(door: FrontDoor, file: string, content: string): Promise<void> {
  const told = () => door.log.lines.filter(({ message }) => message.startsWith('a changed file ')).length;
  const before = told();
  writeFileSync(`${file}.new`, content);
  renameSync(`${file}.new`, file);
  vi.advanceTimersByTime(LOOK_INTERVAL_MS);
  while (told() === before) await new Promise((resolve) => setImmediate(resolve));
}
