import type { LookupFunction } from 'node:net';
import { describe, expect, test } from 'vitest';
import { isPrivate, publicLookup } from '../../src/http/private.ts';
import { Failure } from '../../src/record/failure.ts';

describe('isPrivate', () => {
  test.each([
    ['127.0.0.1'],
    ['127.255.255.255'],
    ['0.0.0.0'],
    ['10.0.0.0'],
    ['100.64.0.0'],
    ['100.127.255.255'],
    ['169.254.169.254'],
    ['172.16.0.0'],
    ['172.31.255.255'],
    ['192.168.255.255'],
    ['198.18.0.1'],
    ['224.0.0.1'],
    ['255.255.255.255'],
    ['::'],
    ['::1'],
    ['::ffff:127.0.0.1'],
    ['::ffff:a00:1'],
    ['::10.0.0.1'],
    ['fe80::1'],
    ['fe80::1%eth0'],
    ['febf::1'],
    ['fc00::1'],
    ['fdff::1'],
    ['ff02::1'],
    ['64:ff9b::10.0.0.1'],
    ['64:ff9b::7f00:1'],
    ['64:ff9b:1::1'],
    ['2002:7f00:1::'],
    ['2001::1'],
    ['2001:db8::1'],
    ['no address'],
    [''],
  ])('%s is', (address) => {
    expect(isPrivate(address)).toBe(true);
  });

  test.each([
    ['1.1.1.1'],
    ['8.8.8.8'],
    ['9.255.255.255'],
    ['11.0.0.0'],
    ['100.63.255.255'],
    ['100.128.0.0'],
    ['172.15.255.255'],
    ['172.32.0.0'],
    ['192.167.255.255'],
    ['198.20.0.0'],
    ['223.255.255.255'],
    ['2606:4700::1111'],
    ['2a00::1'],
    ['2001:4860::8888'],
    ['::ffff:8.8.8.8'],
    ['64:ff9b::8.8.8.8'],
  ])('%s is not', (address) => {
    expect(isPrivate(address)).toBe(false);
  });
});

test('publicLookup leaves public addresses only, and is a `blocked` failure without any', async () => {
  const of =
    (...addresses: string[]): LookupFunction =>
    (_host, _options, callback) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
  const find = (lookup: LookupFunction, all: boolean) =>
    new Promise((resolve) => publicLookup(lookup)('h', { all }, (...given) => resolve(given)));
  expect(await find(of('10.0.0.1', '8.8.8.8', '::1'), true)).toEqual([null, [{ address: '8.8.8.8', family: 4 }]]);
  expect(await find(of('10.0.0.1', '8.8.8.8'), false)).toEqual([null, '8.8.8.8', 4]);
  expect(await find(of('10.0.0.1'), true)).toEqual([expect.any(Failure), '']);
  expect(await find(of('10.0.0.1'), true)).toMatchObject([
    { code: 'blocked', retryable: false, message: expect.stringContaining('h is 10.0.0.1') },
    '',
  ]);
  expect(await find(of(), true)).toMatchObject([{ code: 'blocked' }, '']);
});
