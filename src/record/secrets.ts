/** What stands in a row or message in place of a credential. */
export const masked = '***';

/** A value this short would be found in places where it is no secret. */
const shortestSecret = 3;

/** Headers whose values are credentials, by their names. */
const secretHeader = /auth|cookie|token|secret|passw|credential|session|signature|api[-_]?key|[-_]key$|^key$/i;

export function isSecretHeader(name: string): boolean {
  return secretHeader.test(name);
}

/**
 * What a header's value gives away, but for what is too short to be found: the whole, the part after the scheme
 * (`Bearer …`), and each cookie's value, since a server sets cookies again one by one.
 */
export function secretsOfHeader(name: string, value: string): string[] {
  if (!isSecretHeader(name)) return [];
  const [, afterScheme] = /^\S+\s+(\S.*)$/.exec(value) ?? [];
  const parts = /^cookie$/i.test(name) ? cookieValues(value) : [afterScheme ?? ''];
  return [value, ...parts].filter((secret) => secret.length >= shortestSecret);
}

function cookieValues(value: string): string[] {
  return value.split(';').map((cookie) => cookie.split('=').slice(1).join('=').trim());
}

/** Takes every secret out of a text, by value, also where it stands encoded for a URL. */
export type Mask = (text: string) => string;

/** How secrets may be written in a text, the longest first: one may be a part of another. */
export function secretForms(secrets: Iterable<string>): readonly string[] {
  const forms = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < shortestSecret) continue;
    forms.add(secret).add(encodeURIComponent(secret.toWellFormed())).add(JSON.stringify(secret).slice(1, -1));
  }
  return [...forms].sort((a, b) => b.length - a.length);
}

/** A mask for these secrets, or null where there is nothing to hide. */
export function createMask(secrets: Iterable<string>): Mask | null {
  const ordered = secretForms(secrets);
  if (ordered.length === 0) return null;
  return (text) => ordered.reduce((rest, form) => (rest.includes(form) ? rest.replaceAll(form, masked) : rest), text);
}
