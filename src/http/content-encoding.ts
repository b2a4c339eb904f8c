import { Failure } from '../record/failure.ts';
import { encodingOfLabel } from './charset.ts';

/** A body wrapped more often than this is an attack, not a page. */
const maxEncodings = 5;

/** Words that servers write there for a body that is encoded with nothing: `identity` and names of MIME. */
const meaningless: ReadonlySet<string> = new Set(['', 'identity', 'none', 'null', 'binary', '7bit', '8bit', 'utf_8']);

/**
 * The encodings of a body (RFC 9110, section 8.4), the one to undo first at the head. Charsets are none, though servers
 * put them there. Throws a Failure `decode` when there are too many.
 */
export function encodingsIn(contentEncoding: string): string[] {
  const encodings = appliedIn(contentEncoding);
  if (encodings.length > maxEncodings) {
    throw new Failure('decode', `the body is encoded ${encodings.length} times over`, { phase: 'body' });
  }
  return encodings.reverse();
}

/** Whether a body is not what it looks like as long as its encodings are not undone. */
export function isEncoded(contentEncoding: string | undefined): boolean {
  return contentEncoding !== undefined && appliedIn(contentEncoding).length > 0;
}

/** In the order in which they were applied. */
function appliedIn(contentEncoding: string): string[] {
  return contentEncoding
    .toLowerCase()
    .split(',')
    .map((encoding) => encoding.trim())
    .filter((encoding) => !meaningless.has(encoding) && encodingOfLabel(encoding) === null);
}

/** How names of files end that hold what an encoding makes, behind the last dot. */
const endings: Readonly<Record<string, ReadonlySet<string>>> = {
  gzip: new Set(['gz', 'tgz', 'taz', 'svgz', 'emz', 'wmz', 'vgz', 'cpgz', 'gzip']),
  br: new Set(['br']),
  zstd: new Set(['zst', 'zstd', 'tzst']),
  compress: new Set(['z', 'taz', 'tz']),
  bzip2: new Set(['bz2', 'bz', 'tbz', 'tbz2']),
  xz: new Set(['xz', 'txz']),
};
/** Types that are the encoding itself: the header says once more what the file is. */
const types: Readonly<Record<string, ReadonlySet<string>>> = {
  gzip: new Set(['application/gzip', 'application/x-gzip', 'application/x-tgz', 'application/x-compressed-tar']),
  br: new Set(['application/x-brotli']),
  zstd: new Set(['application/zstd', 'application/x-zstd']),
  compress: new Set(['application/x-compress', 'application/x-compressed']),
  bzip2: new Set(['application/x-bzip2', 'application/x-bzip']),
  xz: new Set(['application/x-xz']),
};
/** What a viewer, an error page or an API sends under any name: it is an archive only if the name says so of the inside. */
const pages: Readonly<Record<string, ReadonlySet<string>>> = {
  'text/html': new Set(['html', 'htm']),
  'application/xhtml+xml': new Set(['xhtml', 'xht', 'html']),
  'application/json': new Set(['json', 'geojson']),
};

export type ArchiveNames = {
  /** The name that the user gives the file, or null. */
  readonly given: string | null;
  /** URLs that it may be named by. */
  readonly urls: readonly string[];
};

/**
 * The content-encoding to undo when a body is saved: not the one that makes the archive that the file is by its name and
 * its type. `x.tar.gz`, which servers label as a tar that is encoded with gzip, stays what its name says.
 */
export function encodingToSave(contentEncoding: string, contentType: string, names: ArchiveNames): string {
  const encodings = appliedIn(contentEncoding);
  const [first = ''] = encodings;
  const archive = first.startsWith('x-') ? first.slice(2) : first;
  const ownEndings = endings[archive];
  if (!ownEndings) return contentEncoding;
  const [type = ''] = contentType.toLowerCase().split(';', 1);
  const given = names.given === null ? [] : endingsOf(names.given);
  const isArchive =
    given.length > 0
      ? isNamed(given, ownEndings, type.trim())
      : types[archive]?.has(type.trim()) ||
        names.urls.some((url) => isNamed(endingsOf(lastSegment(url)), ownEndings, type.trim()));
  return isArchive ? encodings.slice(1).join(', ') : contentEncoding;
}

function isNamed([last = '', inner = '']: readonly string[], ownEndings: ReadonlySet<string>, type: string): boolean {
  const inside = pages[type];
  return ownEndings.has(last) && (!inside || inside.has(inner));
}

/** The last two endings of a name, the last one first. */
function endingsOf(name: string): string[] {
  const [, ...parts] = name.toLowerCase().split('.').slice(-3);
  return parts.reverse();
}

function lastSegment(url: string): string {
  const path = URL.parse(url)?.pathname ?? '';
  return path.slice(path.lastIndexOf('/') + 1);
}
