// Control characters, line separators and direction overrides: what a terminal obeys or hides.
const INVISIBLE = /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu

/** Text from a file, a worker or a user as one line that a terminal does not obey: control characters become \uXXXX. */
export function showLine(text: string): string {
  return text.replaceAll(INVISIBLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

// The same without what ordinary text has: line breaks, tabs, and the joiners of emoji and of some scripts.
const OBEYED = /(?!\r\n|[\n\t])\p{Cc}|[\u2028-\u202e\u2066-\u2069]/gu

/** Text from a model for a terminal that does not obey it: other control characters than line breaks and tabs become \uXXXX. */
export function showText(text: string): string {
  return text.replaceAll(OBEYED, showLine)
}

/** A key or word for an error message: in double quotes, on one line, at most 80 characters of it. */
export function quoteText(text: string): string {
  return showLine(JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text))
}
