/**
 * The arguments of an earlier call, for providers that take nothing but an object. It is empty where a model wrote something else: what was
 * wrong with that stands in the tool's result.
 */
export function toArgumentsObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
