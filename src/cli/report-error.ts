export function reportError(error: unknown): number { console.error(error); return 1 }
