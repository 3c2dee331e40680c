/** An argument of a command: text, or bytes that are not UTF-8. */
export type Argument = string | {base64: string}

/** The bytes of an argument. */
export function argumentBytes(argument: Argument): Buffer {
  return typeof argument === 'string' ? Buffer.from(argument) : Buffer.from(argument.base64, 'base64')
}

/** Keeps bytes as text where that loses nothing. */
export function toArgument(bytes: Buffer): Argument {
  const text = bytes.toString()
  return Buffer.from(text).equals(bytes) ? text : {base64: bytes.toString('base64')}
}

/** An argument as people read it; bytes that are not UTF-8 show as U+FFFD. */
export function argumentText(argument: Argument): string {
  return argumentBytes(argument).toString()
}

/** Quotes bytes for a POSIX shell so that they come out unchanged: in single quotes nothing but the single quote is special. */
export function quoteBytes(bytes: Buffer): Buffer {
  // latin1 maps each byte to one character and back, so that bytes above 127 pass untouched.
  return Buffer.from(`'${bytes.toString('latin1').replaceAll("'", `'\\''`)}'`, 'latin1')
}
