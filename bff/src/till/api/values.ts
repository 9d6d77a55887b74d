import { z } from 'zod'
// gives .meta() the words of OpenAPI
import 'zod-openapi'

/** A value with what the document says of it. */
export const says = <S extends z.ZodType>(schema: S, description: string): S => schema.meta({ description })

/** Its format says it; the pattern behind it would stand in the document a hundred times. */
const plain = <S extends z.ZodType>(schema: S): S =>
  schema.meta({
    override: ({ jsonSchema }: { jsonSchema: { pattern?: string } }) => {
      delete jsonSchema.pattern
    },
  })
export const uuid = plain(z.uuid())
export const when = plain(z.iso.datetime())
export const fen = z.int().min(0)
