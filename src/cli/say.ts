/** Says a line to whoever gave the command. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
