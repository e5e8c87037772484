import { onTestFinished } from 'vitest';
import { newFolder, removeFolder } from './folders.ts';

/** A new folder that goes away with the test that asks for it. */
export async function testFolder(): Promise<string> {
  const folder = await newFolder();
  onTestFinished(() => removeFolder(folder));
  return folder;
}
