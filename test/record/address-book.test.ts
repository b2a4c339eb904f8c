import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AddressBook } from '../../src/record/address-book.ts';
import { addressOf } from '../../src/record/request.ts';

function bookWith(text: string): AddressBook {
  const book = new AddressBook();
  book.note(text, addressOf(new URL(text)));
  return book;
}

test('an address is found where the URL begins like the one before', () => {
  const book = bookWith('http://example.com/a');
  expect(book.find('http://example.com/b?c=1')).toEqual(addressOf(new URL('http://example.com/b?c=1')));
  expect(book.find('http://example.org/b')).toBeNull();
  expect(book.find('http://example.com')).toBeNull();
  expect(book.find('http://example.com:8080/b')).toBeNull();
  expect(book.find('http://example.com.evil.org/b')).toBeNull();
  expect(book.find('http://example.com@evil.org/b')).toBeNull();
});

test('what was not written as it is called is not noted', () => {
  for (const text of [
    'HTTP://example.com/a',
    'http://example.com:80/a',
    'http://me:word@example.com/a',
    'http:/example.com/a',
  ]) {
    expect(bookWith(text).find('http://example.com/b'), text).toBeNull();
  }
});

test('whatever is found is what parsing gives', () => {
  const book = bookWith('https://example.com:8443/a');
  const piece = fc.oneof(
    fc.constantFrom(
      '/',
      '.',
      '..',
      '/.',
      '%2e',
      '%2E',
      '?',
      '#',
      '\\',
      "'",
      '"',
      '%',
      ' ',
      '\t',
      '{',
      '^',
      '|',
      '`',
      '@',
      ':',
    ),
    fc.string({ maxLength: 4 }),
    fc.string({ maxLength: 3, unit: 'binary' }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = `https://example.com:8443/${pieces.join('')}`;
      const found = book.find(text);
      if (found) expect(found).toEqual(addressOf(new URL(text)));
    }),
    { numRuns: 3000 },
  );
  expect(book.find('https://example.com:8443/x/y-1?z=%20&q=a/b')).not.toBeNull();
});
