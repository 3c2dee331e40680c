import {isSecretReference} from './secret-reference.js'

const REDACTED = '[redacted]'
// `first_token` is a time.
const SECRET_NAME = '(?:password|passwd|passphrase|secret|(?<!first_)token|api[_-]?key|apikey|authorization|private[_-]?key|credentials?|cookie)'
const SECRET_KEY = new RegExp(`${SECRET_NAME}$`, 'i')

// A password may not contain a slash in a URL, but in those of databases people write it anyway.
const URL_PASSWORD = /([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s/?#]+(?=@)/gi
const DATABASE_PASSWORD = /(postgres(?:ql)?:\/\/[^\s:/@]*:)\S+(?=@)/gi
const URL_PARAMETER = new RegExp(`([?&]${SECRET_NAME}=)[^&\\s"']+`, 'gi')
const BEARER = /\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi
const ASSIGNMENT = new RegExp(`(["']?[\\w.-]*${SECRET_NAME}["']?\\s*[=:]\\s*)("(?:[^"\\\\]|\\\\.)*"|'[^']*'|[^\\s,;&"'}]+)`, 'gi')

/** The text with passwords in URLs, bearer tokens, values named like secrets, and the given secrets replaced by `[redacted]`. */
export function redact(text: string, secrets: readonly string[] = []): string {
  let redacted = text
  // The longest first, so that one secret inside another leaves no rest.
  for (const secret of secrets.filter(Boolean).sort((a, b) => b.length - a.length)) redacted = redacted.replaceAll(secret, REDACTED)
  return redactUrls(redacted)
    .replaceAll(BEARER, `$1 ${REDACTED}`)
    .replaceAll(ASSIGNMENT, (match, name: string, value: string) =>
      isSecretReference(unquote(value)) || value.startsWith(REDACTED) ? match : `${name}${REDACTED}`,
    )
}

/** A copy of a value in which what stands under a name like `password` or `api_key`, and passwords in URLs, are `[redacted]`. References such as `env:NAME` stay. */
export function redactValue(value: unknown): unknown {
  if (typeof value === 'string') return redactUrls(value)
  if (Array.isArray(value)) return value.map(redactValue)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, SECRET_KEY.test(key) ? redactSecret(child) : redactValue(child)]))
}

function redactSecret(value: unknown): unknown {
  if (value === null || value === undefined || value === '') return value
  return typeof value === 'string' && isSecretReference(value) ? value : REDACTED
}

function redactUrls(text: string): string {
  return text.replaceAll(DATABASE_PASSWORD, `$1${REDACTED}`).replaceAll(URL_PASSWORD, `$1${REDACTED}`).replaceAll(URL_PARAMETER, `$1${REDACTED}`)
}

function unquote(text: string): string {
  return text.replace(/^(["'])(.*)\1$/s, '$2')
}
