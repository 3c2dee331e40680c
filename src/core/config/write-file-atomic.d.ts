// The package has no types of its own; this is the part that Helix uses.
declare module 'write-file-atomic' {
  function writeFileAtomic(file: string, content: string, options: {mode?: number}): Promise<void>
  export = writeFileAtomic
}
