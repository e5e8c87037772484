import { describe, expect, it } from 'vitest';
import { parseBandwidth } from './bandwidth.ts';

describe('a bandwidth', () => {
  it.each([
    ['0', 0],
    ['0B/s', 0],
    ['17B/s', 17],
    ['500kB/s', 500_000],
    ['500KB/s', 500_000],
    ['50MB/s', 50_000_000],
    ['50MB', 50_000_000],
    ['50 MBps', 50_000_000],
    ['1.5GB/s', 1_500_000_000],
    ['20MiB/s', 20 * 1024 * 1024],
    ['2TiB/s', 2 * 1024 ** 4],
  ])('%s is %d bytes per second', (text, bytes) => {
    expect(parseBandwidth(text)).toBe(bytes);
  });

  it.each([
    '',
    '50',
    '-1MB/s',
    'MB/s',
    '50Mb/s',
    '50mB/s',
    '50MB/h',
    'iB/s',
    '5iB/s',
    '1e3MB/s',
    '999999999999TB/s',
  ])('%s is none', (text) => {
    expect(parseBandwidth(text)).toBeUndefined();
  });
});
