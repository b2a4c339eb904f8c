type SystemError = { readonly code?: string | undefined; readonly message: string };

/** Why a file cannot be read, for people. */
export function readFault({ code, message }: SystemError): string {
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a directory';
  return code === 'EACCES' ? 'permission denied' : message;
}

/** Why a file cannot be written, for people. The message names the file: it may be one beside it. */
export function writeFault({ code, message }: SystemError): string {
  if (code === 'ENOENT') return 'there is no such folder';
  return code === 'EACCES' ? 'permission denied' : message;
}
