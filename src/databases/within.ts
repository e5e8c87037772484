/** Something took longer than it may. */
export class TookTooLong extends Error {
  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
    this.name = 'TookTooLong';
  }
}

/**
 * What comes of `action`, if it comes within so many milliseconds.
 * @param late is given what comes afterwards, to let go of it
 * @throws TookTooLong
 */
export async function within<T>(ms: number, action: Promise<T>, late?: (value: T) => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let isLate = false;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      isLate = true;
      reject(new TookTooLong(ms));
    }, ms);
  });
  action.then(
    (value) => {
      if (isLate) late?.(value);
    },
    () => undefined,
  );
  try {
    return await Promise.race([action, limit]);
  } finally {
    clearTimeout(timer);
  }
}
