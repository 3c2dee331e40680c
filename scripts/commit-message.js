const TYPES = ['build', 'chore', 'ci', 'docs', 'feat', 'fix', 'perf', 'refactor', 'revert', 'style', 'test']
const HEADER = new RegExp(`^(${TYPES.join('|')})(\\([a-z0-9./-]+\\))?!?: \\S.*[^.\\s]$`)
const MAX_HEADER = 100

/** What is wrong with a message; undefined when nothing is. */
export function faultOf(message) {
  const [header = '', separator = ''] = message.split('\n')
  if (!HEADER.test(header)) return `is not "type(scope): what it does" with a type of ${TYPES.join(', ')}, without a full stop`
  if (header.length > MAX_HEADER) return `has ${header.length} characters in its first line, at most ${MAX_HEADER} are read`
  if (separator !== '') return 'needs an empty line between its first line and its body'
  return
}
