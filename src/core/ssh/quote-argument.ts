/** Quotes an argument so that every login shell, POSIX or fish, hands it on byte for byte. */
export function quoteArgument(text: string): string {
  if (text.includes('\0')) throw new TypeError('an argument cannot contain a NUL byte')
  // fish reads a backslash inside single quotes as an escape, so backslashes stand outside of them.
  const parts = text.match(/[^'\\]+|'|\\/gu) ?? []
  return parts.map((part) => ({"'": `"'"`, '\\': '\\\\'})[part] ?? `'${part}'`).join('') || "''"
}
