import { expect, test } from 'vitest';
import { Slots, TooManyLogins } from './slots.ts';

function gate() {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

test('so many run at once, the others in their order', async () => {
  const slots = new Slots({ maxRunning: 2, maxWaiting: 10 });
  const began: number[] = [];
  const gates = [0, 1, 2, 3].map(() => gate());
  const runs = gates.map(({ opened }, number) =>
    slots.run(async () => {
      began.push(number);
      await opened;
    }),
  );
  await Promise.resolve();
  expect(began).toEqual([0, 1]);
  gates[1]?.open();
  await runs[1];
  await Promise.resolve();
  expect(began).toEqual([0, 1, 2]);
  for (const { open } of gates) open();
  await Promise.all(runs);
  expect(began).toEqual([0, 1, 2, 3]);
});

test('who would wait behind too many is refused, and one that fails gives its place back', async () => {
  const slots = new Slots({ maxRunning: 1, maxWaiting: 1 });
  const first = gate();
  const running = slots.run(async () => {
    await first.opened;
    throw new Error('out of reach');
  });
  const waiting = slots.run(async () => 'done');
  await expect(slots.run(async () => 'never')).rejects.toBeInstanceOf(TooManyLogins);
  first.open();
  await expect(running).rejects.toThrow('out of reach');
  expect(await waiting).toBe('done');
  expect(await slots.run(async () => 'again')).toBe('again');
});
