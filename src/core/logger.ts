/** Where the core tells what happens beside its results; the CLI writes it to stderr. */
export interface Logger {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
}
