import { generate } from 'selfsigned';

/** A certificate and its key, in PEM. */
export type Identity = { readonly cert: string; readonly key: string };

type IssueOptions = {
  /** Who signs it; without, it signs itself. */
  by?: Identity;
  /** Days from now. */
  from?: number;
  to?: number;
  passphrase?: string;
};

const dayMs = 86_400_000;

/** A certificate for this name and for 127.0.0.1, unless `names` says otherwise. */
export async function issue(name: string, options: IssueOptions & { names?: string[] } = {}): Promise<Identity> {
  const { by, from = -2, to = 30, passphrase, names = [name] } = options;
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() + from * dayMs),
    notAfterDate: new Date(Date.now() + to * dayMs),
    extensions: [
      { name: 'basicConstraints', cA: by === undefined, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: by === undefined },
      {
        name: 'subjectAltName',
        altNames: names.map((one) => (/^\d/.test(one) ? { type: 7, ip: one } : { type: 2, value: one })),
      },
    ],
    ...(by ? { ca: by } : {}),
    ...(passphrase === undefined ? {} : { passphrase }),
  });
  return { cert, key };
}

/** An authority, and a server at localhost and 127.0.0.1 that it vouches for. */
export async function issueServer(): Promise<{ authority: Identity; server: Identity }> {
  const authority = await issue('a test authority', { names: [] });
  return { authority, server: await issue('localhost', { by: authority, names: ['localhost', '127.0.0.1'] }) };
}
