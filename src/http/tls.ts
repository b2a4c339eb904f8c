import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { Failure } from '../record/failure.ts';

/** How servers are trusted, and who we say we are; in the words of Node's `tls.connect`. */
export type TlsSettings = {
  readonly secureContext?: SecureContext;
  readonly rejectUnauthorized?: boolean;
};

/** PEM text, as it was given. */
export type Pem = {
  /** The authorities to trust in place of the usual ones, or null. */
  readonly ca: string | null;
  /** Our certificate, with its chain and perhaps its key. */
  readonly cert: string | null;
  readonly key: string | null;
};

const certificates = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]+-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g;
const anyKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/** The trust that these files stand for, read once for all connections. Throws a Failure `tls` that says what is wrong with them. */
export function secureContextOf({ ca, cert, key }: Pem): SecureContext {
  if (ca !== null) checkCertificates(ca, '--cacert');
  if (key !== null && cert === null)
    throw new Failure('tls', '--key: the certificate that it belongs to is missing (--cert)');
  if (cert === null) return createSecureContext(ca === null ? {} : { ca });
  checkCertificates(cert, '--cert');
  const ownKey = key ?? cert;
  checkKey(ownKey, key === null ? '--cert' : '--key');
  try {
    return createSecureContext({ cert, key: ownKey, ...(ca === null ? {} : { ca }) });
  } catch (cause) {
    const isOther = (cause as NodeJS.ErrnoException).code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH';
    const problem = isOther ? 'the key does not belong to the certificate' : (cause as Error).message;
    throw new Failure('tls', `${key === null ? '--cert' : '--key'}: ${problem}`, { cause });
  }
}

function checkCertificates(pem: string, flag: string): void {
  const found = pem.match(certificates) ?? [];
  if (found.length === 0) throw new Failure('tls', `${flag}: there is no PEM certificate in it`);
  for (const one of found) {
    try {
      new X509Certificate(one);
    } catch (cause) {
      throw new Failure('tls', `${flag}: it holds a certificate that cannot be read: ${(cause as Error).message}`, {
        cause,
      });
    }
  }
}

function checkKey(pem: string, flag: string): void {
  if (!anyKey.test(pem)) {
    const hint =
      flag === '--cert' ? 'no private key beside the certificate: give it with --key' : 'no PEM private key in it';
    throw new Failure('tls', `${flag}: there is ${hint}`);
  }
  try {
    createPrivateKey(pem);
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException;
    const isEncrypted = code === 'ERR_MISSING_PASSPHRASE' || /passphrase|interrupted or cancelled/i.test(message);
    const problem = isEncrypted
      ? 'the key is encrypted, and no password is asked for: decrypt it first, with `openssl pkey -in KEY -out PLAIN`'
      : `the key cannot be read: ${message}`;
    throw new Failure('tls', `${flag}: ${problem}`, { cause });
  }
}
