import type { z } from 'zod'

type Schema = z.core.$ZodType

/** Every leaf of an input schema with its path: `arrival.storeId`, `results.templateId`, through unions and lists. */
export function fieldsOf(schema: Schema | undefined, path = ''): string[] {
  if (!schema) return []
  const def = schema._zod.def as { type: string } & Record<string, unknown>
  switch (def.type) {
    case 'object':
      return Object.entries(def.shape as Record<string, Schema>).flatMap(([key, inner]) =>
        fieldsOf(inner, path ? `${path}.${key}` : key),
      )
    case 'optional':
    case 'nullable':
    case 'default':
      return fieldsOf(def.innerType as Schema, path)
    case 'array':
      return fieldsOf(def.element as Schema, path)
    case 'union':
      return [...new Set((def.options as Schema[]).flatMap((option) => fieldsOf(option, path)))]
    default:
      return [path]
  }
}

/** Fields that name something that can be somebody else's. A requestId names the caller's own command. */
export const namingFields = (fields: string[]): string[] =>
  fields.filter((path) => /(?:Id|Ref|No|^cursor|\.cursor)$/.test(path) && !path.endsWith('requestId'))

/** The input with one field, named by its path, put to `value`. */
export function placed(input: unknown, path: string, value: unknown): unknown {
  const [head = '', ...rest] = path.split('.')
  const own = typeof input === 'object' && input !== null ? (input as Record<string, unknown>) : {}
  const inner = own[head]
  if (rest.length === 0) return { ...own, [head]: value }
  return {
    ...own,
    [head]: Array.isArray(inner) ? [placed({}, rest.join('.'), value)] : placed(inner, rest.join('.'), value),
  }
}
